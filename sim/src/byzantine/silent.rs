//! Sends nothing, and hears everything.

use super::{Behaviour, Conduct, Scene, Sending};

pub(super) struct Silent;

impl Behaviour for Silent {
    fn conduct(&self) -> Conduct {
        Conduct::Silent
    }

    fn instead(&mut self, _: &mut Scene<'_>, _: Sending) -> Vec<Sending> {
        Vec::new()
    }
}
