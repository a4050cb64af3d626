//! The shapes that pictures are made of. Lengths are CSS pixels, angles radians from 3 o'clock on.

use serde::Serialize;

/// A place in a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

impl Point {
    /// The place `x` from the left and `y` from the top.
    #[must_use]
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// The place at `distance` in direction `angle`.
    #[must_use]
    pub fn towards(self, angle: f64, distance: f64) -> Self {
        Self::new(self.x + distance * angle.cos(), self.y + distance * angle.sin())
    }

    /// The place `part` of the way to `other`.
    #[must_use]
    pub fn between(self, other: Self, part: f64) -> Self {
        Self::new(self.x + (other.x - self.x) * part, self.y + (other.y - self.y) * part)
    }

    /// The direction to `other`.
    #[must_use]
    pub fn angle_to(self, other: Self) -> f64 {
        (other.y - self.y).atan2(other.x - self.x)
    }

    /// The distance to `other`.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        (other.x - self.x).hypot(other.y - self.y)
    }
}

/// Where a text stands relative to its point; its middle line goes through the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// The text begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// One shape.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A circle.
    Circle {
        /// Its centre.
        at: Point,
        /// Its radius.
        radius: f64,
    },
    /// A part of a circle's line, clockwise.
    Arc {
        /// The circle's centre.
        at: Point,
        /// Its radius.
        radius: f64,
        /// Where the arc begins.
        from: f64,
        /// Where it ends.
        to: f64,
    },
    /// A rectangle, perhaps with round corners.
    Box {
        /// Its upper left corner.
        at: Point,
        /// Its width.
        width: f64,
        /// Its height.
        height: f64,
        /// The radius of its corners.
        corner: f64,
    },
    /// A closed polygon.
    Polygon {
        /// Its corners.
        points: Vec<Point>,
    },
    /// An open line.
    Line {
        /// Its corners.
        points: Vec<Point>,
    },
    /// Text.
    Text {
        /// Where.
        at: Point,
        /// What.
        text: String,
        /// Its size.
        size: f64,
        /// Where it stands relative to `at`.
        anchor: Anchor,
        /// Whether it is bold.
        bold: bool,
    },
}

impl Shape {
    /// A regular polygon, its first corner in direction `turn`.
    #[must_use]
    pub fn regular(at: Point, radius: f64, corners: u32, turn: f64) -> Self {
        let angle = |corner| turn + std::f64::consts::TAU * f64::from(corner) / f64::from(corners);
        Self::Polygon { points: (0..corners).map(|corner| at.towards(angle(corner), radius)).collect() }
    }

    /// The same elsewhere.
    #[must_use]
    pub fn moved(mut self, across: f64, down: f64) -> Self {
        let shift = |at: &mut Point| *at = Point::new(at.x + across, at.y + down);
        match &mut self {
            Self::Circle { at, .. } | Self::Arc { at, .. } | Self::Box { at, .. } | Self::Text { at, .. } => {
                shift(at)
            }
            Self::Polygon { points } | Self::Line { points } => points.iter_mut().for_each(shift),
        }
        self
    }

    /// Its middle, where it has one.
    #[must_use]
    pub fn centre(&self) -> Option<Point> {
        match self {
            Self::Circle { at, .. } | Self::Arc { at, .. } | Self::Text { at, .. } => Some(*at),
            Self::Box { at, width, height, .. } => Some(Point::new(at.x + width / 2.0, at.y + height / 2.0)),
            Self::Polygon { points } | Self::Line { points } => {
                let count = points.len() as f64;
                let sum =
                    points.iter().fold(Point::default(), |sum, at| Point::new(sum.x + at.x, sum.y + at.y));
                (count > 0.0).then(|| Point::new(sum.x / count, sum.y / count))
            }
        }
    }

    /// Whether a press at `point` is meant for this shape, when small shapes count as `reach` wide
    /// around their middle.
    #[must_use]
    pub fn is_hit(&self, point: Point, reach: f64) -> bool {
        match self {
            Self::Circle { at, radius } => at.distance(point) <= radius.max(reach),
            Self::Box { at, width, height, .. } => {
                (at.x..=at.x + width).contains(&point.x) && (at.y..=at.y + height).contains(&point.y)
            }
            Self::Polygon { points } => {
                let count = points.len().max(1) as f64;
                let sum = points.iter().fold(Point::default(), |sum, p| Point::new(sum.x + p.x, sum.y + p.y));
                Point::new(sum.x / count, sum.y / count).distance(point) <= reach
            }
            Self::Arc { .. } | Self::Line { .. } | Self::Text { .. } => false,
        }
    }
}
