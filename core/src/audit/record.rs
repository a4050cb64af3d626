//! Whether the safety record fits the chain beside it. All that it holds only rises, so whatever the
//! store shows of what this replica did, the record must remember that or more.

use super::{Auditor, Finding};
use crate::app::App;
use crate::block::Block;
use crate::certificate::{BlockRef, TimeoutCertificate, Vote};
use crate::ids::{ReplicaId, View};
use crate::message::Message;
use crate::safety::SafetyRecord;
use crate::verify;
use alloc::vec::Vec;

impl<A: App> Auditor<A> {
    pub(super) fn check_record(
        &mut self,
        id: ReplicaId,
        safety: Option<SafetyRecord>,
        (high_qc, tc): (View, Option<TimeoutCertificate>),
        (committed, above): (&[Block], &[Block]),
    ) {
        let genesis = self.known.newest().genesis_qc().block;
        let fresh = SafetyRecord {
            last_vote: None,
            last_timeout: View::GENESIS,
            last_proposed: View::GENESIS,
            lock: genesis,
        };
        let SafetyRecord { last_vote, last_timeout, last_proposed, lock } = safety.unwrap_or(fresh);
        self.check_lock(lock, high_qc);
        self.check_votes(id, last_vote, above);
        if let Some(tc) = tc.filter(|tc| tc.signers().any(|signer| signer == id) && tc.view > last_timeout) {
            self.find(Finding::TimeoutForgotten { view: tc.view, last: last_timeout });
        }
        let blocks = committed.iter().chain(above);
        let own = blocks.filter(|block| block.header().proposer == id && block.view() > last_proposed);
        if let Some(proposed) = own.map(Block::reference).max_by_key(|block| block.view) {
            self.find(Finding::ProposalForgotten { proposed, last: last_proposed });
        }
    }

    fn check_lock(&mut self, lock: BlockRef, high_qc: View) {
        let head = self.tree.head();
        if lock.height > head.height && !self.tree.contains(&lock.id) {
            self.find(Finding::LockUnknown(lock));
        } else if !self.tree.extends(&head.id, &lock) && !self.tree.extends(&lock.id, &head) {
            self.find(Finding::LockConflicts { lock, head });
        }
        let locked = self.certificates.iter().filter_map(|qc| self.tree.locked_by(&qc.block.id));
        if let Some(expected) = locked.max_by_key(|block| block.view).filter(|it| it.view > lock.view) {
            self.find(Finding::LockBehind { lock, expected });
        }
        if high_qc < lock.view {
            self.find(Finding::HighQcBehind { high_qc, lock });
        }
    }

    fn check_votes(&mut self, id: ReplicaId, last_vote: Option<Vote>, above: &[Block]) {
        let voted = last_vote.as_ref().map(|vote| vote.block);
        if let Some(vote) = last_vote {
            let is_here = |voted: &BlockRef| above.iter().any(|block| block.id() == voted.id);
            if vote.block.height > self.tree.head().height && !is_here(&vote.block) {
                self.find(Finding::VotedUnknown(vote.block));
            }
            let is_own = vote.voter == id;
            if let Err(why) = verify::message(&self.known, Message::Vote(vote)) {
                self.find(Finding::Vote(why));
            } else if !is_own {
                self.find(Finding::Vote(crate::refusal::Refusal::BadSignature(id)));
            }
        }
        let last = voted.map_or(View::GENESIS, |block| block.view);
        let signed = self.certificates.iter().filter(|qc| qc.signers().any(|signer| signer == id));
        let unknown = signed.filter(|qc| {
            qc.view() > last || voted.is_some_and(|voted| voted.view == qc.view() && voted != qc.block)
        });
        let forgotten: Vec<BlockRef> = unknown.map(|qc| qc.block).collect();
        if let Some(voted) = forgotten.into_iter().max_by_key(|block| block.view) {
            self.find(Finding::VoteForgotten { voted, last });
        }
    }
}
