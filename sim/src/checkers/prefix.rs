//! What a replica committed stays committed, across restarts too, and grows block by block.

use super::{Breach, Checker, Observed};
use hotstuff_core::{BlockRef, Event, ReplicaId};
use std::collections::BTreeMap;

/// Each replica's committed head.
#[derive(Clone, Default)]
pub(super) struct CommittedPrefix {
    heads: BTreeMap<ReplicaId, BlockRef>,
}

impl Checker for CommittedPrefix {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach> {
        let Some(replica) = observed.id() else { return Ok(()) };
        for event in &observed.step.events {
            match event {
                // A commit may have become durable in the very moment of the crash, unseen.
                Event::Started { head, .. } => {
                    self.grow(replica, *head, |before| head == before || head.height > before.height)?
                }
                Event::SnapshotInstalled { block, .. } => {
                    self.grow(replica, *block, |before| block.height > before.height)?
                }
                Event::Committed { block, .. } => self.grow(replica, block.block, |before| {
                    block.parent == before.id && block.block.height == before.height.next()
                })?,
                _ => {}
            }
        }
        match observed.status {
            Some(status) => {
                self.grow(replica, status.committed_head, |before| status.committed_head == *before)
            }
            None => Ok(()),
        }
    }
}

impl CommittedPrefix {
    fn grow(
        &mut self,
        replica: ReplicaId,
        after: BlockRef,
        follows: impl FnOnce(&BlockRef) -> bool,
    ) -> Result<(), Breach> {
        match self.heads.insert(replica, after) {
            Some(before) if !follows(&before) => Err(Breach::Prefix { replica, before, after }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkers::fabricated::{block, committed, show, tell};
    use hotstuff_core::View;

    fn started(head: BlockRef) -> Event {
        Event::Started { head, last_voted: View(0) }
    }

    fn at_height_2() -> CommittedPrefix {
        let mut checker = CommittedPrefix::default();
        tell(&mut checker, 0, vec![started(block(0, 0)), committed(0, 1, 5)]).unwrap();
        tell(&mut checker, 0, vec![committed(0, 2, 5)]).unwrap();
        checker
    }

    fn breach(after: BlockRef) -> Result<(), Breach> {
        Err(Breach::Prefix { replica: ReplicaId(0), before: block(0, 2), after })
    }

    #[test]
    fn growth_and_restarts_pass() {
        let mut checker = at_height_2();
        assert_eq!(show(&mut checker, 0, block(0, 2), 5), Ok(()));
        assert_eq!(tell(&mut checker, 0, vec![started(block(0, 2))]), Ok(()));
        assert_eq!(tell(&mut checker, 0, vec![started(block(0, 4)), committed(0, 5, 5)]), Ok(()));
        assert_eq!(tell(&mut checker, 1, vec![started(block(0, 0))]), Ok(()), "another replica");
    }

    #[test]
    fn a_block_committed_twice_skipped_or_on_another_branch_is_found() {
        assert_eq!(tell(&mut at_height_2(), 0, vec![committed(0, 2, 5)]), breach(block(0, 2)));
        assert_eq!(tell(&mut at_height_2(), 0, vec![committed(0, 4, 5)]), breach(block(0, 4)));
        assert_eq!(tell(&mut at_height_2(), 0, vec![committed(1, 3, 5)]), breach(block(1, 3)));
    }

    #[test]
    fn commits_forgotten_in_a_restart_are_found() {
        assert_eq!(tell(&mut at_height_2(), 0, vec![started(block(0, 1))]), breach(block(0, 1)));
        assert_eq!(tell(&mut at_height_2(), 0, vec![started(block(1, 2))]), breach(block(1, 2)));
    }

    #[test]
    fn a_head_that_no_event_told_of_is_found() {
        assert_eq!(show(&mut at_height_2(), 0, block(0, 3), 5), breach(block(0, 3)));
        assert_eq!(show(&mut at_height_2(), 0, block(0, 1), 5), breach(block(0, 1)));
    }
}
