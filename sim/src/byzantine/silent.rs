//! Sends nothing, and hears everything.

use super::{Behaviour, Conduct, Scene, Sending};

#[derive(Clone)]
pub(super) struct Silent;

impl Behaviour for Silent {
    fn conduct(&self) -> Conduct {
        Conduct::Silent
    }

    fn instead(&mut self, _: &mut Scene<'_>, _: Sending) -> Vec<Sending> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byzantine::stage::Stage;
    use hotstuff_core::CommitRule;

    #[test]
    fn it_says_nothing_and_hears_all() {
        let mut stage = Stage::new(CommitRule::TwoChain, Conduct::Silent);
        stage.run(3_000);
        assert_eq!(stage.said().count(), 0);
        let heads: Vec<u64> = stage.sim.hosts().map(|host| host.status.committed_head.height.0).collect();
        assert!(heads[0] > 3 && heads[2] > 3, "{heads:?}");
    }
}
