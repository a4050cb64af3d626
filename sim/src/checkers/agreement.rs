//! Agreement: at each height all replicas commit the same block and reach the same state.

use super::firsts::Firsts;
use super::{Breach, Checker, Observed};
use hotstuff_core::crypto::Digest;
use hotstuff_core::{BlockRef, Event, Height, ReplicaId};
use std::collections::BTreeMap;

/// What was committed at each height, and who said so first.
#[derive(Clone, Default)]
pub(super) struct Agreement {
    blocks: Firsts<Height, (ReplicaId, BlockRef)>,
    state_roots: Firsts<Height, (ReplicaId, Digest)>,
    /// The head and state root that each replica was last seen with.
    seen: BTreeMap<ReplicaId, (BlockRef, Digest)>,
}

impl Checker for Agreement {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach> {
        let Some(replica) = observed.id() else { return Ok(()) };
        for event in &observed.step.events {
            match event {
                Event::Started { head, .. } => self.block(replica, *head)?,
                Event::Committed { block, state_root } => {
                    self.block(replica, block.block)?;
                    self.state_root(replica, block.block.height, *state_root)?;
                }
                Event::Halted { head, conflicting } => {
                    return Err(Breach::Halted { replica, head: *head, conflicting: *conflicting });
                }
                _ => {}
            }
        }
        let Some(status) = observed.status else { return Ok(()) };
        let (head, root) = (status.committed_head, status.state_root);
        // What came first at a height stays so: who is as before passes as before.
        if self.seen.get(&replica) == Some(&(head, root)) {
            return Ok(());
        }
        self.block(replica, head)?;
        self.state_root(replica, head.height, root)?;
        self.seen.insert(replica, (head, root));
        Ok(())
    }
}

impl Agreement {
    fn block(&mut self, replica: ReplicaId, block: BlockRef) -> Result<(), Breach> {
        let first = self.blocks.or_insert(block.height, (replica, block));
        if first.1 == block { Ok(()) } else { Err(Breach::Agreement { first, second: (replica, block) }) }
    }

    fn state_root(&mut self, replica: ReplicaId, height: Height, root: Digest) -> Result<(), Breach> {
        let first = self.state_roots.or_insert(height, (replica, root));
        if first.1 == root {
            Ok(())
        } else {
            Err(Breach::StateRoot { height, first, second: (replica, root) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkers::fabricated::{block, committed, show, tell};
    use hotstuff_core::View;

    #[test]
    fn equal_chains_pass() {
        let mut checker = Agreement::default();
        for replica in 0..3 {
            for height in 1..4 {
                assert_eq!(tell(&mut checker, replica, vec![committed(0, height, 5)]), Ok(()));
            }
            assert_eq!(show(&mut checker, replica, block(0, 3), 5), Ok(()));
        }
    }

    #[test]
    fn two_blocks_at_one_height_are_found() {
        let first = (ReplicaId(0), block(0, 2));
        let second = (ReplicaId(1), block(1, 2));
        let breach = Err(Breach::Agreement { first, second });
        let started = Event::Started { head: block(1, 2), last_voted: View(0) };
        for conflict in [committed(1, 2, 5), started] {
            let mut checker = Agreement::default();
            tell(&mut checker, 0, vec![committed(0, 1, 5), committed(0, 2, 5)]).unwrap();
            assert_eq!(tell(&mut checker, 1, vec![conflict]), breach);
        }
        let mut checker = Agreement::default();
        tell(&mut checker, 0, vec![committed(0, 2, 5)]).unwrap();
        assert_eq!(show(&mut checker, 1, block(1, 2), 5), breach);
    }

    #[test]
    fn two_states_after_one_block_are_found() {
        let mut checker = Agreement::default();
        tell(&mut checker, 0, vec![committed(0, 1, 5)]).unwrap();
        let found = tell(&mut checker, 2, vec![committed(0, 1, 6)]);
        let (first, second) = ((ReplicaId(0), Digest([5; 32])), (ReplicaId(2), Digest([6; 32])));
        assert_eq!(found, Err(Breach::StateRoot { height: Height(1), first, second }));
    }

    #[test]
    fn a_halted_replica_is_found() {
        let mut checker = Agreement::default();
        let (head, conflicting) = (block(0, 4), block(1, 4));
        let found = tell(&mut checker, 3, vec![Event::Halted { head, conflicting }]);
        assert_eq!(found, Err(Breach::Halted { replica: ReplicaId(3), head, conflicting }));
    }
}
