//! The two canvases. What is pressed on them is looked up in the scene.

use crate::draw::Point;
use crate::draw::camera::COLUMN;
use crate::draw::gesture::{Gesture, Outcome};
use crate::model::Selection;
use crate::ui::frames::Canvases;
use crate::ui::splitter::Splitter;
use crate::ui::stage::{Stage, use_stage};
use web_sys::HtmlElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct PicturesProps {
    pub canvases: Canvases,
}

#[component]
pub fn Pictures(props: &PicturesProps) -> Html {
    let stage = use_stage();
    let [on_down, on_move, on_up, on_leave] = [down, go, up, leave].map(|what: fn(&Stage, &PointerEvent)| {
        let stage = stage.clone();
        Callback::from(move |event: PointerEvent| what(&stage, &event))
    });
    let on_tree = {
        let stage = stage.clone();
        Callback::from(move |event: MouseEvent| press_tree(&stage, &event))
    };
    let on_wheel = {
        let stage = stage.clone();
        Callback::from(move |event: WheelEvent| {
            let way =
                if event.delta_x() == 0.0 && event.shift_key() { event.delta_y() } else { event.delta_x() };
            if way != 0.0 {
                event.prevent_default();
                pan(&stage, way / COLUMN);
            }
        })
    };
    let follows = stage.look().camera.follows();
    let button = |label: &'static str, columns: f64| {
        let stage = stage.clone();
        let onclick = Callback::from(move |_: MouseEvent| pan(&stage, columns));
        html! { <button class="quiet small" {onclick} title={label} aria-label={label}>{ if columns < 0.0 { "◀" } else { "▶" } }</button> }
    };
    let follow = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.change(|stage| stage.camera.follow()))
    };
    html! {
        <div class="pictures" id="pictures" tabindex="-1">
            <figure class="panel picture picture-network">
                <figcaption>{ "Network" }</figcaption>
                <canvas ref={props.canvases.network.clone()} data-testid="network" onpointerdown={on_down} onpointermove={on_move}
                    onpointerup={on_up} onpointercancel={on_leave} role="img"
                    aria-label="Replicas on a ring and the messages between them. The table of replicas and the list of events say the same." />
            </figure>
            <Splitter />
            <figure class="panel picture picture-tree">
                <figcaption>{ "Block tree" }
                    <span class="grow"></span>
                    { button("Earlier blocks", -4.0) }
                    { button("Later blocks", 4.0) }
                    <button class="quiet small" data-testid="follow" aria-pressed={follows.to_string()} onclick={follow}>{ "Follow" }</button>
                </figcaption>
                <canvas ref={props.canvases.tree.clone()} data-testid="tree" onclick={on_tree} onwheel={on_wheel} role="img"
                    aria-label="The newest blocks: proposed, certified, locked, committed. The list of events says the same." />
            </figure>
        </div>
    }
}

fn pan(stage: &Stage, columns: f64) {
    stage.change(|stage| {
        let (top, width) = (stage.session.cluster.tree.top(), stage.tree.width);
        stage.camera.pan(columns, top, width);
    });
}

pub(super) fn at(event: &MouseEvent) -> Point {
    let canvas: HtmlElement = event.target_unchecked_into();
    let rect = canvas.get_bounding_client_rect();
    Point::new(f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top())
}

fn down(stage: &Stage, event: &PointerEvent) {
    let canvas: HtmlElement = event.target_unchecked_into();
    // Without it the gesture ends at the picture's edge, no more.
    let _ = canvas.set_pointer_capture(event.pointer_id());
    let mut stage = stage.quietly();
    let gesture = Gesture::begin(&stage.session, &stage.network, at(event));
    stage.gesture = Some(gesture);
}

fn go(stage: &Stage, event: &PointerEvent) {
    if let Some(gesture) = &mut stage.quietly().gesture {
        gesture.go(at(event));
    }
}

fn up(stage: &Stage, event: &PointerEvent) {
    go(stage, event);
    let outcome = {
        let mut stage = stage.quietly();
        let gesture = stage.gesture.take();
        let (width, height) = (stage.own_width(stage.network.width), stage.network.height);
        gesture.and_then(|gesture| gesture.end(&stage.session, width, height, event.alt_key()))
    };
    match outcome {
        Some(Outcome::Select(selection)) => stage.select(selection),
        Some(Outcome::Intervene(what)) => stage.intervene(what),
        None => {}
    }
}

fn leave(stage: &Stage, _: &PointerEvent) {
    stage.quietly().gesture = None;
}

fn press_tree(stage: &Stage, event: &MouseEvent) {
    let selection = {
        let stage = stage.look();
        let tag = stage.tree.hit(at(event), &["block"]);
        let nodes = stage.session.cluster.tree.from_height(hotstuff_core::Height::GENESIS);
        let ids = nodes.map(|node| node.block.block.id);
        tag.and_then(|tag| ids.into_iter().find(|id| format!("{id:#}") == tag.id))
    };
    stage.select(selection.map_or(Selection::Nothing, Selection::Block));
}
