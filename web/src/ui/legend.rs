//! The legend, drawn with the very shapes of the pictures.

use crate::draw::block;
use crate::draw::crown;
use crate::draw::message;
use crate::draw::{Point, Role, Scene, Shape};
use crate::ui::svg::Svg;
use hotstuff_core::ReplicaId;
use hotstuff_core::message::MessageKind;
use std::f64::consts::PI;
use yew::prelude::*;

const WIDTH: f64 = 28.0;
const HEIGHT: f64 = 22.0;

#[component]
pub fn Legend() -> Html {
    let entries: Vec<(Scene, &str)> = vec![
        (
            picture(|scene, at| crown::add(scene, Point::new(at.x, at.y + 6.0), 18.0, ReplicaId(0), false)),
            "leader",
        ),
        (
            picture(|scene, at| crown::add(scene, Point::new(at.x, at.y + 6.0), 18.0, ReplicaId(0), true)),
            "next leader",
        ),
        (picture(timer), "time to its next timer"),
        (
            picture(|scene, at| {
                scene.add(Shape::regular(at, 8.0, 3, -PI / 2.0)).fill(Role::Bad);
            }),
            "gave up, × back-off",
        ),
        (picture(crashed), "crashed, out of reach"),
        (picture(|scene, at| sent(scene, MessageKind::Proposal, at)), "proposal"),
        (picture(|scene, at| sent(scene, MessageKind::Vote, at)), "vote"),
        (picture(|scene, at| sent(scene, MessageKind::Timeout, at)), "timeout"),
        (picture(|scene, at| sent(scene, MessageKind::NewView, at)), "new-view"),
        (picture(|scene, at| sent(scene, MessageKind::FetchRequest, at)), "fetch, blocks"),
        (
            picture(|scene, at| {
                sent(scene, MessageKind::Vote, at);
                message::cross(scene, at, 6.0);
            }),
            "lost",
        ),
        (
            picture(|scene, at| {
                frame(scene, at).fill(Role::Surface).stroke(Role::Ink, 1.5).dash(&[4.0, 3.0]);
            }),
            "proposed",
        ),
        (
            picture(|scene, at| {
                frame(scene, at).fill(Role::Surface).stroke(Role::Ink, 1.5);
            }),
            "certified",
        ),
        (
            picture(|scene, at| {
                frame(scene, at).fill(Role::Surface).stroke(Role::Ink, 1.5);
                block::padlock(scene, at);
            }),
            "locked",
        ),
        (
            picture(|scene, at| {
                frame(scene, at).fill(Role::Accent).stroke(Role::Ink, 1.5);
                block::tick(scene, at);
            }),
            "committed",
        ),
        (
            picture(|scene, at| {
                frame(scene, at).hatch(Role::Faint).stroke(Role::Muted, 1.0).dash(&[2.0, 3.0]);
            }),
            "orphan",
        ),
        (picture(pips), "votes in, quorum mark"),
        (picture(flag), "QC, lock, head: whose"),
    ];
    html! {
        <details class="panel legend" data-testid="legend" open=true>
            <summary>{ "Legend" }</summary>
            <ul>{ for entries.into_iter().map(|(scene, label)| html! { <li><Svg {scene} />{ label }</li> }) }</ul>
        </details>
    }
}

fn picture(draw: impl Fn(&mut Scene, Point)) -> Scene {
    let mut scene = Scene::new(WIDTH, HEIGHT);
    draw(&mut scene, Point::new(WIDTH / 2.0, HEIGHT / 2.0));
    scene
}

fn sent(scene: &mut Scene, kind: MessageKind, at: Point) {
    scene.add(message::symbol(kind, at, 6.0)).fill(Role::Hue(4)).stroke(Role::Ink, 1.0);
}

fn frame(scene: &mut Scene, at: Point) -> &mut crate::draw::Item {
    scene.add(Shape::Box { at: Point::new(at.x - 12.0, at.y - 8.0), width: 24.0, height: 16.0, corner: 4.0 })
}

fn timer(scene: &mut Scene, at: Point) {
    scene.add(Shape::Circle { at, radius: 8.0 }).stroke(Role::Faint, 3.0);
    scene.add(Shape::Arc { at, radius: 8.0, from: -PI / 2.0, to: PI * 0.8 }).stroke(Role::Accent, 3.0);
}

fn crashed(scene: &mut Scene, at: Point) {
    scene
        .add(Shape::Circle { at, radius: 8.0 })
        .fill(Role::Surface)
        .stroke(Role::Hue(5), 2.0)
        .dash(&[3.0, 3.0]);
}

fn pips(scene: &mut Scene, at: Point) {
    for (position, hue) in [0, 1, 2].into_iter().enumerate() {
        let at = Point::new(at.x - 10.0 + 6.0 * position as f64, at.y);
        scene.add(Shape::Circle { at, radius: 2.5 }).fill(Role::Hue(hue)).stroke(Role::Ink, 0.75);
    }
    let points = vec![Point::new(at.x + 5.0, at.y - 5.0), Point::new(at.x + 5.0, at.y + 5.0)];
    scene.add(Shape::Line { points }).stroke(Role::Ink, 1.0);
    scene.add(Shape::Circle { at: Point::new(at.x + 10.0, at.y), radius: 2.5 }).stroke(Role::Muted, 0.75);
}

fn flag(scene: &mut Scene, at: Point) {
    let points = vec![Point::new(at.x - 10.0, at.y - 6.0), Point::new(at.x - 10.0, at.y + 6.0)];
    scene.add(Shape::Line { points }).stroke(Role::Accent, 2.0);
    scene.text(Point::new(at.x - 6.0, at.y), "QC", 11.0, crate::draw::shape::Anchor::Start, Role::Ink);
}
