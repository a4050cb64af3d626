//! Between the two pictures: how they share the height, by pointer and by arrow keys. It is kept as a preference.

use crate::ui::stage::{Stage, use_stage};
use std::ops::RangeInclusive;
use web_sys::Element;
use yew::prelude::*;

/// How many tenths of the height the upper picture may have; the style sheet knows as many.
pub const SHARES: RangeInclusive<u8> = 3..=8;
/// How many it has at first.
pub const SHARE: u8 = 6;

#[component]
pub fn Splitter() -> Html {
    let stage = use_stage();
    let share = stage.look().prefs.share;
    let onkeydown = {
        let stage = stage.clone();
        Callback::from(move |event: KeyboardEvent| {
            let share = match event.key().as_str() {
                "ArrowUp" => share.saturating_sub(1),
                "ArrowDown" => share + 1,
                _ => return,
            };
            event.prevent_default();
            // Elsewhere these keys change the speed.
            event.stop_propagation();
            give(&stage, share);
        })
    };
    let onpointerdown = Callback::from(|event: PointerEvent| {
        let bar: Element = event.target_unchecked_into();
        // Without it the bar is lost where the pointer is faster, no more.
        let _ = bar.set_pointer_capture(event.pointer_id());
    });
    let onpointermove = Callback::from(move |event: PointerEvent| {
        let bar: Element = event.target_unchecked_into();
        if let Some(pictures) = bar.parent_element().filter(|_| event.buttons() & 1 == 1) {
            let all = pictures.get_bounding_client_rect();
            let tenths = (f64::from(event.client_y()) - all.top()) / all.height() * 10.0;
            give(&stage, tenths.round() as u8);
        }
    });
    html! {
        <div class="splitter" role="separator" tabindex="0" data-testid="splitter" aria-orientation="horizontal"
            aria-label="Height of the network" aria-valuemin={SHARES.start().to_string()} aria-valuemax={SHARES.end().to_string()}
            aria-valuenow={share.to_string()} title="Drag, or ↑ ↓: more or less height for the network"
            {onkeydown} {onpointerdown} {onpointermove} />
    }
}

fn give(stage: &Stage, share: u8) {
    let share = share.clamp(*SHARES.start(), *SHARES.end());
    if share != stage.look().prefs.share {
        stage.change(|stage| {
            stage.prefs.share = share;
            stage.prefs.keep();
        });
    }
}
