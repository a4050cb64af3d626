//! Which heights of the block tree are in the picture.

use hotstuff_core::Height;

/// The width of a height's column.
pub const COLUMN: f64 = 96.0;

/// A view on the tree that follows its top until the visitor looks elsewhere. It belongs to the
/// picture: it never touches the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    left: f64,
    follows: bool,
}

impl Default for Camera {
    fn default() -> Self {
        Self { left: -0.5, follows: true }
    }
}

impl Camera {
    /// The height whose column's middle would be at the left edge.
    #[must_use]
    pub fn left(&self) -> f64 {
        self.left
    }

    /// Whether it follows the top.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// Follows the top again.
    pub fn follow(&mut self) {
        self.follows = true;
    }

    /// Looks `columns` further right, or left when negative, within the tree.
    pub fn pan(&mut self, columns: f64, top: Height, width: f64) {
        let end = resting(top, width);
        self.left = (self.left + columns).clamp(-0.5, end.max(-0.5));
        self.follows = self.left >= end - 0.01;
    }

    /// Moves towards the top, if it follows: at once with `still`, else with ease.
    pub fn advance(&mut self, top: Height, width: f64, elapsed_ms: f64, still: bool) {
        if !self.follows {
            return;
        }
        let (target, far) = (resting(top, width), width / COLUMN);
        let way = target - self.left;
        let is_leap = still || way.abs() > far || way < 0.0;
        self.left = if is_leap { target } else { self.left + way * (1.0 - (-elapsed_ms / 80.0).exp()) };
    }
}

/// Where the camera rests with the top at the right edge, or the root at the left one.
fn resting(top: Height, width: f64) -> f64 {
    (top.0 as f64 + 0.6 - width / COLUMN).max(-0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_top_until_panned_away_and_again_at_the_end() {
        let mut camera = Camera::default();
        camera.advance(Height(3), 960.0, 16.0, false);
        assert_eq!(camera.left(), -0.5);
        camera.advance(Height(100), 960.0, 16.0, true);
        assert!((camera.left() - 90.6).abs() < 1e-9);
        camera.pan(-5.0, Height(100), 960.0);
        camera.advance(Height(101), 960.0, 16.0, true);
        assert!((camera.left() - 85.6).abs() < 1e-9 && !camera.follows());
        camera.pan(50.0, Height(101), 960.0);
        assert!(camera.follows());
    }
}
