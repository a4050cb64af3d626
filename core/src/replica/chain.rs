//! Certificates, lock and commit (HotStuff, algorithm 5, `update`).

use super::Replica;
use crate::app::App;
use crate::block::Block;
use crate::certificate::{BlockId, QuorumCertificate};
use crate::change::decode_result;
use crate::command::{Operation, Outcome};
use crate::event::{BlockSummary, EntryCause, Event};
use crate::io::{Halt, Record};
use crate::ledger::Settled;
use crate::refusal::Refusal;
use alloc::vec::Vec;

impl<A: App> Replica<A> {
    /// Takes a verified QC in: raises the high QC, locks and commits where its block is here, and
    /// moves straight to the view after it (pitfall 16).
    pub(super) fn learn_qc(&mut self, qc: &QuorumCertificate) {
        if qc.view() <= self.high_qc.view() {
            return;
        }
        self.high_qc = qc.clone();
        self.persist(Record::HighQc(qc.clone()));
        self.event(Event::HighQcRaised { block: qc.block });
        self.apply_certified(qc);
        if qc.view() >= self.view() {
            self.enter_view(qc.view().next(), EntryCause::Qc);
        }
    }

    /// What follows from a block's QC: a lock, and a commit where the views are consecutive
    /// ([`crate::CommitRule`]). Nothing where the block is not here yet.
    pub(super) fn apply_certified(&mut self, qc: &QuorumCertificate) {
        if self.is_halted {
            return;
        }
        self.prove_state(qc);
        let certified = &qc.block.id;
        let Some(locked) = self.tree.locked_by(certified) else { return };
        if let Some(binding) = self.safety.raise_lock(locked) {
            let block = binding.persist(&mut self.outputs);
            self.event(Event::LockRaised { block });
        }
        if let Some(target) = self.tree.committed_by(certified).map(Block::id) {
            self.commit_up_to(&target);
        }
    }

    /// Adds a verified block: stores it, and acts on its justify. Every block's justify is acted
    /// on, fetched ones' too, so the lock rises with what is learnt by fetching (pitfall 9).
    pub(super) fn add_block(&mut self, block: &Block) -> Result<(), Refusal> {
        if self.tree.holds(block) {
            self.apply_certified(block.justify()); // a crash may have come between block and lock
            return Ok(());
        }
        self.tree.evict_except(&self.high_qc.block.id);
        if let Err(why) = self.tree.insert(block.clone()) {
            self.halt_if_conflicting(block.justify());
            return Err(why);
        }
        self.persist(Record::Block(block.clone()));
        self.event(Event::BlockAdded(BlockSummary::from(block)));
        self.apply_certified(block.justify());
        if block.id() == self.high_qc.block.id {
            let high_qc = self.high_qc.clone();
            self.apply_certified(&high_qc);
        }
        Ok(())
    }

    /// A QC of the same or a later view for another block at the committed head's height proves that
    /// more than f replicas are faulty: there is no safe way on (HotStuff, lemma 1 and theorem 2).
    pub(super) fn halt_if_conflicting(&mut self, qc: &QuorumCertificate) {
        let head = self.tree.head();
        if qc.block.height == head.height && qc.block.id != head.id && qc.view() >= head.view {
            self.is_halted = true;
            self.persist(Record::Halted(Halt { head, conflicting: qc.block }));
            self.event(Event::Halted { head, conflicting: qc.block });
        }
    }

    /// Commits `target` and its uncommitted ancestors, oldest first, each once (pitfall 12).
    fn commit_up_to(&mut self, target: &BlockId) {
        for block in self.tree.branch(target, self.tree.head().height) {
            let commits = self.tree.commits_of(&block.id()).expect("a branch is in the tree");
            let settled = self.ledger.execute(&block, self.tree.head().view, commits);
            let root = self.ledger.root();
            self.tree.commit(&block.id(), root);
            self.persist(Record::Committed(block.reference()));
            self.event(Event::Committed { block: BlockSummary::from(&block), state_root: root });
            let mut outcomes = Vec::with_capacity(settled.len());
            for (Settled { command, outcome, is_new }, asked) in settled.into_iter().zip(commands(&block)) {
                if is_new {
                    self.event(Event::Executed { command, height: block.height() });
                    self.tell_of_change(asked, &outcome);
                }
                self.mempool.remove(&command);
                outcomes.push((command, outcome));
            }
            self.reply_to_all(outcomes);
        }
        self.pacemaker.note_commit();
        self.refresh_committees();
        self.note_state();
    }

    fn tell_of_change(&mut self, asked: &Operation, outcome: &Outcome) {
        if let (Operation::Committee(change), Outcome::Executed { height, result }) = (asked, outcome)
            && let Some(result) = decode_result(result)
        {
            let (change, height) = (change.clone(), *height);
            self.event(match result {
                Ok(epoch) => Event::CommitteeChanged { epoch, change, height },
                Err(why) => Event::ChangeRefused { change, height, why },
            });
        }
    }
}

fn commands(block: &Block) -> impl Iterator<Item = &Operation> {
    block.payload().commands.iter().map(|command| &command.operation)
}
