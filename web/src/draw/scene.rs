//! A draw list: shapes in the order in which they are painted, and what each stands for.

use crate::draw::role::Role;
use crate::draw::shape::{Anchor, Point, Shape};
use serde::Serialize;

/// A line's looks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stroke {
    /// Its colour.
    pub role: Role,
    /// Its width.
    pub width: f64,
    /// Lengths of dashes and gaps; empty for a solid line.
    pub dash: Vec<f64>,
}

/// How an area is filled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// Evenly.
    Solid(Role),
    /// With slanting lines.
    Hatched(Role),
}

/// What an item stands for, for tests and the pointer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// `replica`, `block`, `message`, `crown`, `timer`, `flag`, …
    pub kind: &'static str,
    /// Which one.
    pub id: String,
    /// How it is.
    pub note: String,
}

/// One shape with its looks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// The shape.
    pub shape: Shape,
    /// Its inside.
    pub fill: Option<Fill>,
    /// Its line.
    pub stroke: Option<Stroke>,
    /// 0 for invisible to 1.
    pub alpha: f64,
    /// What it stands for.
    pub tag: Option<Tag>,
}

impl Item {
    /// Fills it evenly.
    pub fn fill(&mut self, role: Role) -> &mut Self {
        self.fill = Some(Fill::Solid(role));
        self
    }

    /// Fills it with slanting lines.
    pub fn hatch(&mut self, role: Role) -> &mut Self {
        self.fill = Some(Fill::Hatched(role));
        self
    }

    /// Gives it a solid line.
    pub fn stroke(&mut self, role: Role, width: f64) -> &mut Self {
        self.stroke = Some(Stroke { role, width, dash: Vec::new() });
        self
    }

    /// Breaks its line into dashes.
    pub fn dash(&mut self, dash: &[f64]) -> &mut Self {
        if let Some(stroke) = &mut self.stroke {
            stroke.dash = dash.to_vec();
        }
        self
    }

    /// Makes it translucent.
    pub fn alpha(&mut self, alpha: f64) -> &mut Self {
        self.alpha = alpha;
        self
    }

    /// Says what it stands for.
    pub fn tag(&mut self, kind: &'static str, id: impl ToString, note: impl Into<String>) -> &mut Self {
        self.tag = Some(Tag { kind, id: id.to_string(), note: note.into() });
        self
    }
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scene {
    /// Its width in CSS pixels.
    pub width: f64,
    /// Its height in CSS pixels.
    pub height: f64,
    /// What is in it, the lowest first.
    pub items: Vec<Item>,
}

impl Scene {
    /// An empty picture.
    #[must_use]
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, items: Vec::new() }
    }

    /// Adds a shape, which the returned item gives its looks.
    pub fn add(&mut self, shape: Shape) -> &mut Item {
        self.items.push(Item { shape, fill: None, stroke: None, alpha: 1.0, tag: None });
        let last = self.items.len() - 1;
        &mut self.items[last]
    }

    /// Adds a text.
    pub fn text(
        &mut self,
        at: Point,
        text: impl Into<String>,
        size: f64,
        anchor: Anchor,
        role: Role,
    ) -> &mut Item {
        self.add(Shape::Text { at, text: text.into(), size, anchor, bold: false }).fill(role)
    }

    /// Adds a bold text.
    pub fn title(
        &mut self,
        at: Point,
        text: impl Into<String>,
        size: f64,
        anchor: Anchor,
        role: Role,
    ) -> &mut Item {
        self.add(Shape::Text { at, text: text.into(), size, anchor, bold: true }).fill(role)
    }

    /// Puts another picture over the right part of this one, from `across` on, with a line between. Nothing of it
    /// can be pressed; what it stands for is told with `beside` in front.
    pub fn put_beside(&mut self, other: Self, across: f64) {
        let (at, width, height) = (Point::new(across, 0.0), other.width, self.height);
        self.add(Shape::Box { at, width, height, corner: 0.0 }).fill(Role::Surface);
        let line = vec![at, Point::new(across, height)];
        self.add(Shape::Line { points: line }).stroke(Role::Faint, 1.0);
        self.items.extend(other.items.into_iter().map(|item| Item {
            shape: item.shape.moved(across, 0.0),
            tag: item.tag.map(|tag| Tag {
                kind: "beside",
                id: format!("{} {}", tag.kind, tag.id),
                note: tag.note,
            }),
            ..item
        }));
    }

    /// What is meant by a press at `point`: the topmost tagged item of one of these kinds.
    #[must_use]
    pub fn hit(&self, point: Point, kinds: &[&str]) -> Option<&Tag> {
        const REACH: f64 = 14.0;
        let tagged = self.items.iter().rev().filter_map(|item| Some((item, item.tag.as_ref()?)));
        let mut wanted = tagged.filter(|(_, tag)| kinds.contains(&tag.kind));
        wanted.find(|(item, _)| item.shape.is_hit(point, REACH)).map(|(_, tag)| tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_beside_is_elsewhere_and_cannot_be_pressed() {
        let mut scene = Scene::new(200.0, 100.0);
        let mut other = Scene::new(100.0, 100.0);
        other.add(Shape::Circle { at: Point::new(50.0, 50.0), radius: 20.0 }).tag("replica", 1, "up");
        scene.put_beside(other, 100.0);
        let last = scene.items.last().unwrap();
        assert_eq!(last.shape.centre(), Some(Point::new(150.0, 50.0)));
        let tag = last.tag.as_ref().unwrap();
        assert_eq!((tag.kind, tag.id.as_str()), ("beside", "replica 1"));
        assert_eq!(scene.hit(Point::new(150.0, 50.0), &["replica"]), None);
    }

    #[test]
    fn the_topmost_of_the_wanted_kinds_is_hit() {
        let mut scene = Scene::new(100.0, 100.0);
        let at = Point::new(50.0, 50.0);
        scene.add(Shape::Circle { at, radius: 20.0 }).tag("replica", 1, "");
        scene.add(Shape::Circle { at, radius: 20.0 }).tag("replica", 2, "");
        scene.add(Shape::Circle { at, radius: 20.0 }).tag("message", 3, "");
        let hit = |x, kinds: &[&str]| scene.hit(Point::new(x, 50.0), kinds).map(|tag| tag.id.clone());
        assert_eq!(hit(60.0, &["replica"]), Some("2".into()));
        assert_eq!(hit(60.0, &["replica", "message"]), Some("3".into()));
        assert_eq!(hit(80.0, &["replica"]), None);
    }
}
