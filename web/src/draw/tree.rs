//! The block tree: a column per height, a lane per branch, the newest at the right.

use crate::draw::block;
use crate::draw::camera::{COLUMN, Camera};
use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Anchor, Point, Shape};
use crate::model::layout::{self, Place};
use crate::model::{Session, Stage};
use hotstuff_core::message::MessageKind;
use hotstuff_core::{BlockId, Height, ReplicaId};
use std::collections::BTreeMap;

const HEAD: f64 = 26.0;
const FIRST_LANE: f64 = 66.0;
const LANE: f64 = 104.0;

/// The tree of `session` in a picture of this size.
#[must_use]
pub fn scene(session: &Session, camera: &Camera, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let tree = &session.cluster.tree;
    if tree.genesis().is_none() {
        return scene;
    }
    // A column to the left of the picture too, for its edges.
    let first = Height((camera.left() - 1.5).max(0.0) as u64);
    let last = Height((camera.left() + width / COLUMN + 1.5).max(0.0) as u64);
    bands(&mut scene, camera, first, last);
    let places = layout::places(tree, first);
    let at = |height: Height, lane: usize| Point::new(x_of(camera, height), FIRST_LANE + LANE * lane as f64);
    let lanes: BTreeMap<BlockId, usize> =
        places.iter().map(|place| (place.node.block.block.id, place.lane)).collect();
    let shown = || places.iter().filter(|place| place.node.block.block.height <= last);
    for place in shown() {
        let own = at(place.node.block.block.height, place.lane);
        if let Some(lane) = lanes.get(&place.node.block.parent) {
            let parent = Height(place.node.block.block.height.0.saturating_sub(1));
            edge(&mut scene, at(parent, *lane), own, place);
        } else if place.node.block.block.height == Height(1) {
            edge(&mut scene, at(Height::GENESIS, 0), own, place);
        }
    }
    if first == Height::GENESIS {
        genesis(&mut scene, at(Height::GENESIS, 0));
    }
    for place in shown() {
        let reference = place.node.block.block;
        let is_selected = session.selection.block() == Some(reference.id);
        let votes = session.flights.iter().filter(|flight| {
            flight.kind == MessageKind::Vote && flight.view == Some(reference.view) && !flight.dropped
        });
        let under_way: Vec<ReplicaId> = votes.map(|flight| flight.from.replica).collect();
        let at = at(reference.height, place.lane);
        block::add(&mut scene, &session.cluster, place, &under_way, at, is_selected);
    }
    scene
}

fn x_of(camera: &Camera, height: Height) -> f64 {
    (height.0 as f64 - camera.left()) * COLUMN
}

fn bands(scene: &mut Scene, camera: &Camera, first: Height, last: Height) {
    let height = scene.height;
    for number in first.0..=last.0 {
        let x = x_of(camera, Height(number));
        if number % 2 == 1 {
            let at = Point::new(x - COLUMN / 2.0, 0.0);
            scene.add(Shape::Box { at, width: COLUMN, height, corner: 0.0 }).fill(Role::Band);
        }
        let label = if number == 0 { "height 0".into() } else { number.to_string() };
        scene.text(Point::new(x, HEAD / 2.0 + 2.0), label, 11.0, Anchor::Middle, Role::Muted);
    }
}

fn edge(scene: &mut Scene, parent: Point, child: Point, place: &Place<'_>) {
    let (from, to) = (parent.x + block::WIDTH / 2.0, child.x - block::WIDTH / 2.0);
    let bend = from + (to - from) / 2.0;
    let points = vec![
        Point::new(from, parent.y),
        Point::new(bend, parent.y),
        Point::new(bend, child.y),
        Point::new(to, child.y),
    ];
    let line = scene.add(Shape::Line { points });
    if place.orphan {
        line.stroke(Role::Muted, 1.0).dash(&[2.0, 3.0]);
    } else if place.stage == Stage::Committed {
        line.stroke(Role::Accent, 2.5);
    } else {
        line.stroke(Role::Ink, 1.5);
    }
}

fn genesis(scene: &mut Scene, at: Point) {
    let corner = Point::new(at.x - block::WIDTH / 2.0, at.y - block::HEIGHT / 2.0);
    let frame = Shape::Box { at: corner, width: block::WIDTH, height: block::HEIGHT, corner: 20.0 };
    scene.add(frame).fill(Role::Accent).stroke(Role::Ink, 1.5).tag("genesis", 0, "committed");
    scene.title(at, "genesis", 12.0, Anchor::Middle, Role::OnAccent);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::tests::{begun, drive};

    #[test]
    fn every_block_stands_in_the_picture_as_far_as_it_has_come() {
        let session = drive(&mut begun(7), 1_500);
        let mut camera = Camera::default();
        camera.advance(session.cluster.tree.top(), 4_000.0, 16.0, true);
        let scene = scene(&session, &camera, 4_000.0, 300.0);
        let tags = || scene.items.iter().filter_map(|item| item.tag.as_ref());
        let tree = &session.cluster.tree;
        for node in tree.from_height(Height(1)) {
            let block = node.block.block;
            let tag = tags().find(|tag| tag.kind == "block" && tag.id == format!("{:#}", block.id)).unwrap();
            assert_eq!(
                tag.note == "committed",
                block.height <= tree.committed_height(),
                "{block}: {}",
                tag.note
            );
        }
        for pointer in ["QC", "lock", "head"] {
            assert!(tags().any(|tag| tag.kind == "flag" && tag.note == pointer), "{pointer}");
        }
        assert!(tags().any(|tag| tag.kind == "genesis"));
    }
}
