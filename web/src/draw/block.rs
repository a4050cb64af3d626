//! One block of the tree picture: its box by stage, the seal of votes, and the replicas' flags.

use crate::draw::role::Role;
use crate::draw::scene::{Item, Scene};
use crate::draw::shape::{Anchor, Point, Shape};
use crate::model::layout::Place;
use crate::model::{Cluster, Stage};
use hotstuff_core::{BlockId, ReplicaId, Status};
use std::f64::consts::PI;

/// The width of a block's box.
pub const WIDTH: f64 = 74.0;
/// The height of a block's box.
pub const HEIGHT: f64 = 40.0;

/// Adds the block at `place`, its box's middle at `at`.
pub fn add(
    scene: &mut Scene,
    cluster: &Cluster,
    place: &Place<'_>,
    under_way: &[ReplicaId],
    at: Point,
    selected: bool,
) {
    let block = &place.node.block;
    let corner = Point::new(at.x - WIDTH / 2.0, at.y - HEIGHT / 2.0);
    let is_conflicting = cluster.tree.is_conflicting(&block.block);
    if selected {
        outline(scene, corner, 5.0, 9.0).fill(Role::Accent).alpha(0.22);
    }
    if is_conflicting {
        outline(scene, corner, 4.0, 8.0).stroke(Role::Bad, 2.0);
    }
    let frame = outline(scene, corner, 0.0, 6.0);
    frame.tag("block", format!("{:#}", block.block.id), note(place, is_conflicting));
    let is_committed = place.stage == Stage::Committed;
    let line = if is_conflicting { Role::Bad } else { Role::Ink };
    match place.stage {
        _ if place.orphan => frame.hatch(Role::Faint).stroke(Role::Muted, 1.0).dash(&[2.0, 3.0]),
        Stage::Proposed => frame.fill(Role::Surface).stroke(line, 1.5).dash(&[5.0, 4.0]),
        Stage::Certified | Stage::Locked => frame.fill(Role::Surface).stroke(line, 1.5),
        Stage::Committed => frame.fill(Role::Accent).stroke(line, 1.5),
    };
    let text = match place.stage {
        _ if place.orphan => Role::Muted,
        Stage::Committed => Role::OnAccent,
        _ => Role::Ink,
    };
    scene.title(
        Point::new(corner.x + 8.0, at.y - 8.0),
        format!("v{}", block.block.view),
        13.0,
        Anchor::Start,
        text,
    );
    let commands = match block.commands {
        0 => String::new(),
        1 => " · 1 cmd".into(),
        many => format!(" · {many}"),
    };
    let second = format!("{}{commands}", block.proposer);
    scene.text(Point::new(corner.x + 8.0, at.y + 9.0), second, 11.0, Anchor::Start, text);
    let icon = Point::new(corner.x + WIDTH - 14.0, at.y - 8.0);
    if is_committed {
        tick(scene, icon);
    } else if place.stage == Stage::Locked && !place.orphan {
        padlock(scene, icon);
    }
    seal(scene, cluster, place, under_way, Point::new(at.x, corner.y - 9.0));
    flags(scene, cluster, &block.block.id, Point::new(corner.x, corner.y + HEIGHT + 11.0));
}

fn outline(scene: &mut Scene, corner: Point, around: f64, radius: f64) -> &mut Item {
    scene.add(Shape::Box {
        at: Point::new(corner.x - around, corner.y - around),
        width: WIDTH + 2.0 * around,
        height: HEIGHT + 2.0 * around,
        corner: radius,
    })
}

/// Adds the tick of a committed block.
pub fn tick(scene: &mut Scene, at: Point) {
    let points = [(-5.0, 0.0), (-1.5, 4.0), (5.5, -5.0)];
    let points = points.iter().map(|(x, y)| Point::new(at.x + x, at.y + y)).collect();
    scene.add(Shape::Line { points }).stroke(Role::OnAccent, 2.0);
}

/// Adds the padlock of a locked block.
pub fn padlock(scene: &mut Scene, at: Point) {
    let shackle = Shape::Arc { at: Point::new(at.x, at.y - 1.5), radius: 3.2, from: PI, to: 2.0 * PI };
    scene.add(shackle).stroke(Role::Ink, 1.6);
    let body = Shape::Box { at: Point::new(at.x - 5.0, at.y - 1.5), width: 10.0, height: 7.5, corner: 1.5 };
    scene.add(body).fill(Role::Ink);
}

/// A pip per replica, as wide as its power: filled where its vote is known to be in, with a dot where it is on
/// its way, empty where it is missing. A mark stands where a quorum begins.
fn seal(scene: &mut Scene, cluster: &Cluster, place: &Place<'_>, under_way: &[ReplicaId], at: Point) {
    let Some(committee) = &cluster.committee else { return };
    let voters = &place.node.voters;
    if voters.is_empty() && under_way.is_empty() {
        return;
    }
    let total = committee.total().0;
    let unit = (WIDTH / total.max(1) as f64).min(9.0);
    let rank = |id: &ReplicaId| {
        if voters.contains(id) {
            0
        } else if under_way.contains(id) {
            1
        } else {
            2
        }
    };
    let mut pips: Vec<(ReplicaId, f64)> =
        committee.members.iter().map(|(id, power)| (*id, unit * power.0 as f64)).collect();
    pips.sort_by_key(|(id, _)| (rank(id), *id));
    let start = at.x - unit * total as f64 / 2.0;
    let mut x = start;
    for (id, width) in pips {
        let middle = Point::new(x + width / 2.0, at.y);
        let radius = (width * 0.33).min(4.0);
        let pip = scene.add(Shape::Circle { at: middle, radius });
        match rank(&id) {
            0 => pip.fill(Role::of(id)).stroke(Role::Ink, 0.75),
            _ => pip.stroke(Role::Muted, 0.75),
        };
        if rank(&id) == 1 {
            scene.add(Shape::Circle { at: middle, radius: radius * 0.45 }).fill(Role::of(id));
        }
        x += width;
    }
    let x = start + unit * (committee.quorum.0 as f64 - 0.5);
    let points = vec![Point::new(x, at.y - 5.0), Point::new(x, at.y + 5.0)];
    scene.add(Shape::Line { points }).stroke(Role::Ink, 1.0);
}

type Pointer = (&'static str, fn(&Status) -> BlockId);

const POINTERS: [Pointer; 3] = [
    ("QC", |status| status.high_qc.id),
    ("lock", |status| status.lock.id),
    ("head", |status| status.committed_head.id),
];

/// Which replicas have their high QC, lock and committed head here.
fn flags(scene: &mut Scene, cluster: &Cluster, id: &BlockId, at: Point) {
    let mut y = at.y;
    for (name, pointer) in POINTERS {
        let statuses = cluster.replicas.iter().filter_map(|replica| replica.status.as_ref());
        let here: Vec<ReplicaId> =
            statuses.filter(|status| pointer(status) == *id).map(|status| status.id).collect();
        if here.is_empty() {
            continue;
        }
        let pole = vec![Point::new(at.x + 1.0, y - 5.0), Point::new(at.x + 1.0, y + 5.0)];
        scene.add(Shape::Line { points: pole }).stroke(Role::Accent, 2.0);
        let text = format!("{name} {}", who(&here, cluster.replicas.len()));
        scene.text(Point::new(at.x + 6.0, y), text, 11.0, Anchor::Start, Role::Ink).tag(
            "flag",
            format!("{id:#}"),
            name,
        );
        y += 14.0;
    }
}

fn who(here: &[ReplicaId], of: usize) -> String {
    match here {
        all if all.len() == of => "all".into(),
        few if few.len() <= 4 => few.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(" "),
        many => format!("{} of {of}", many.len()),
    }
}

fn note(place: &Place<'_>, is_conflicting: bool) -> String {
    let stage = match place.stage {
        Stage::Proposed => "proposed",
        Stage::Certified => "certified",
        Stage::Locked => "locked",
        Stage::Committed => "committed",
    };
    let more = if is_conflicting {
        ", conflicting"
    } else if place.orphan {
        ", orphan"
    } else {
        ""
    };
    format!("{stage}{more}")
}
