//! Certificates, lock and commit (HotStuff, algorithm 5, `update`).

use super::Replica;
use crate::app::App;
use crate::block::Block;
use crate::certificate::{BlockId, QuorumCertificate};
use crate::event::{BlockSummary, EntryCause, Event};
use crate::io::Record;
use crate::ledger::Settled;
use crate::refusal::Refusal;

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
        self.apply_certified(&qc.block.id);
        if qc.view() >= self.view() {
            self.enter_view(qc.view().next(), EntryCause::Qc);
        }
    }

    /// What follows from `certified` having a QC: its parent is locked, and its grandparent is
    /// committed if the three stand in consecutive views. Nothing where the block is not here yet.
    pub(super) fn apply_certified(&mut self, certified: &BlockId) {
        let Some(block) = self.tree.block(certified) else { return };
        let parent = block.justify().block;
        if let Some(binding) = self.safety.raise_lock(parent) {
            let block = binding.persist(&mut self.outputs);
            self.event(Event::LockRaised { block });
        }
        if let Some(target) = self.tree.three_chain(certified).map(Block::id) {
            self.commit_up_to(&target);
        }
    }

    /// Adds a verified block: stores it, and acts on its justify. Every block's justify is acted
    /// on, fetched ones' too, so the lock rises with what is learnt by fetching (pitfall 9).
    pub(super) fn add_block(&mut self, block: &Block) -> Result<(), Refusal> {
        if self.tree.contains(&block.id()) {
            self.apply_certified(&block.parent()); // a crash may have come between block and lock
            return Ok(());
        }
        self.tree.evict_except(&self.high_qc.block.id);
        if let Err(why) = self.tree.insert(block.clone()) {
            self.halt_if_conflicting(block.justify());
            return Err(why);
        }
        self.persist(Record::Block(block.clone()));
        self.event(Event::BlockAdded(BlockSummary::from(block)));
        self.apply_certified(&block.parent());
        if block.id() == self.high_qc.block.id {
            self.apply_certified(&block.id());
        }
        Ok(())
    }

    /// A QC of a later view for another block at the committed head's height proves that more than
    /// f replicas are faulty: there is no safe way on (HotStuff, theorem 2).
    pub(super) fn halt_if_conflicting(&mut self, qc: &QuorumCertificate) {
        let head = self.tree.head();
        if qc.block.height == head.height && qc.block.id != head.id && qc.view() > head.view {
            self.is_halted = true;
            self.event(Event::Halted { head, conflicting: qc.block });
        }
    }

    /// Commits `target` and its uncommitted ancestors, oldest first, each once (pitfall 12).
    fn commit_up_to(&mut self, target: &BlockId) {
        for block in self.tree.branch(target, self.tree.head().height) {
            let settled = self.ledger.execute(&block);
            let root = self.ledger.root();
            self.tree.commit(&block.id(), root);
            self.persist(Record::Committed(block.reference()));
            self.event(Event::Committed { block: BlockSummary::from(&block), state_root: root });
            for Settled { command, outcome, is_new } in settled {
                if is_new {
                    self.event(Event::Executed { command, height: block.height() });
                }
                self.mempool.remove(&command);
                self.reply(command, outcome);
            }
        }
    }
}
