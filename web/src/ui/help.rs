//! The help: keys, and the switch for single letters.

use crate::ui::keys::{self, KEYS};
use crate::ui::stage::use_stage;
use web_sys::{HtmlDialogElement, HtmlInputElement};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct HelpProps {
    pub close: Callback<()>,
}

#[component]
pub fn HelpDialog(props: &HelpProps) -> Html {
    let stage = use_stage();
    let letters = stage.look().prefs.letters;
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // Refused only where it is shown already.
                let _ = dialog.show_modal();
            }
            keys::focus("help-close");
        });
    }
    // Closed by the browser, which gives the focus back; only then is it taken out of the page.
    let on_close = props.close.reform(|_: Event| ());
    let close = {
        let dialog = dialog.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                dialog.close();
            }
        })
    };
    let on_letters = {
        let stage = stage.clone();
        Callback::from(move |event: Event| {
            let letters = event.target_unchecked_into::<HtmlInputElement>().checked();
            stage.change(|stage| {
                stage.prefs.letters = letters;
                stage.prefs.keep();
            });
        })
    };
    html! {
        <dialog ref={dialog} class="dialog" aria-labelledby="help-title" data-testid="help-dialog" onclose={on_close}
            onclick={close.clone()}>
            <div class="panel" onclick={|event: MouseEvent| event.stop_propagation()}>
                <h2 id="help-title">{ "Keys" }</h2>
                <dl class="keys">
                    { for KEYS.iter().map(|(key, what)| html! { <><dt><kbd>{ key }</kbd></dt><dd>{ what }</dd></> }) }
                </dl>
                <label class="check"><input type="checkbox" checked={letters} onchange={on_letters} />{ "Single letters are commands" }</label>
                <p class="hint">{ "Shift and the wheel move through the block tree; press a replica or a block to inspect it." }</p>
                <button id="help-close" class="primary" onclick={close}>{ "Close" }</button>
            </div>
        </dialog>
    }
}
