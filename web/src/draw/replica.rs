//! One replica of the network picture: its disk with number and hue, and what it is at.

use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Anchor, Point, Shape};
use crate::draw::{arc, crown, faulty};
use crate::model::replica::key;
use crate::model::{Reach, Replica};
use hotstuff_core::Time;

/// Where and how a replica stands in the picture.
#[derive(Clone, Copy, Debug)]
pub struct Stand {
    /// Its centre.
    pub at: Point,
    /// Its radius.
    pub radius: f64,
    /// Whether it leads the highest view.
    pub leads: bool,
    /// Whether it leads the view after that.
    pub leads_next: bool,
    /// Whether the visitor looks at it.
    pub selected: bool,
    /// Whether there is no room beside it: its view then stands inside.
    pub crowded: bool,
    /// Whether there is no room in it either, but for its number.
    pub tiny: bool,
}

/// Adds `replica`.
pub fn add(scene: &mut Scene, replica: &Replica, stand: Stand, now: Time) {
    let Stand { at, radius, .. } = stand;
    if stand.selected {
        scene.add(Shape::Circle { at, radius: radius + 11.0 }).fill(Role::Accent).alpha(0.16);
    }
    if !stand.tiny {
        arc::add(scene, replica, at, radius + 6.0, now);
    }
    let note = note(replica, stand);
    let disk = scene.add(Shape::Circle { at, radius });
    disk.tag("replica", key(replica.id), note);
    match replica.reach {
        Reach::Up => disk.fill(Role::of(replica.id.replica)).stroke(Role::Ink, 1.5),
        Reach::Stale | Reach::Connecting => disk.hatch(Role::of(replica.id.replica)).stroke(Role::Ink, 1.5),
        Reach::Down | Reach::Unreachable => {
            disk.fill(Role::Surface).stroke(Role::of(replica.id.replica), 2.5).dash(&[4.0, 4.0])
        }
    };
    if let Some(dash) = faulty::twin_dash(replica).filter(|_| replica.is_up()) {
        disk.stroke(Role::Ink, 3.0).dash(dash);
    }
    faulty::add(scene, replica, at, radius);
    let text = if replica.reach == Reach::Up { Role::on(replica.id.replica) } else { Role::Ink };
    let inside = replica.status.as_ref().filter(|_| stand.crowded && !stand.tiny && replica.is_up());
    let number = if inside.is_some() { Point::new(at.x, at.y - radius * 0.26) } else { at };
    let name = if stand.tiny { key(replica.id) } else { replica.id.to_string() };
    scene.title(number, name, radius * if stand.tiny { 0.95 } else { 0.7 }, Anchor::Middle, text);
    if let Some(status) = inside {
        let below = Point::new(at.x, at.y + radius * 0.42);
        scene.text(below, format!("v{}", status.view), 10.0, Anchor::Middle, text);
    }
    let above = Point::new(at.x, at.y - radius - 12.0);
    if stand.leads || stand.leads_next {
        crown::add(scene, above, radius * 0.9, replica.id.replica, !stand.leads);
    }
    if !stand.crowded {
        labels(scene, replica, Point::new(at.x, at.y + radius + 19.0));
    }
}

fn labels(scene: &mut Scene, replica: &Replica, at: Point) {
    let below = Point::new(at.x, at.y + 14.0);
    if let Some(status) = replica.status.as_ref().filter(|_| replica.is_up()) {
        scene.title(at, format!("view {}", status.view), 12.0, Anchor::Middle, Role::Ink);
        let height = format!("height {}", status.committed_head.height);
        scene.text(below, height, 11.0, Anchor::Middle, Role::Muted);
    }
    if replica.reach != Reach::Up {
        let at = if replica.is_up() { Point::new(below.x, below.y + 14.0) } else { at };
        scene.text(at, replica.reach.word(), 12.0, Anchor::Middle, Role::Bad);
    }
}

fn note(replica: &Replica, stand: Stand) -> String {
    let mut words = vec![replica.reach.word()];
    if stand.leads {
        words.push("leader");
    } else if stand.leads_next {
        words.push("next leader");
    }
    words.join(", ")
}
