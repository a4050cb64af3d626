//! Whether what a store holds hangs together: the chain, its certificates, the state that comes of it, and
//! the safety record beside it. For who looks at a store offline; nothing here changes anything.
//!
//! A replica that starts trusts its own store, and checks no more than it needs. This trusts nothing
//! but the committee that the cluster started with.

mod finding;
mod record;

pub use finding::Finding;

use crate::app::App;
use crate::block::Block;
use crate::certificate::{BlockRef, QuorumCertificate, TimeoutCertificate};
use crate::committee::Committee;
use crate::committees::Committees;
use crate::crypto::Digest;
use crate::ids::{Epoch, Height, ReplicaId, View};
use crate::io::Recovered;
use crate::ledger::Ledger;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::tree::{BlockTree, TreeBounds};
use crate::verify;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The committed head that execution came to.
    pub head: BlockRef,
    /// The state root after it, by execution.
    pub state_root: Digest,
    /// The epoch of the last change of the committee.
    pub epoch: Epoch,
    /// How many committed blocks were checked.
    pub committed: u64,
    /// How many blocks above the head were checked.
    pub uncommitted: u64,
    /// How many blocks above the head do not extend it. They are of no more use, and no fault.
    pub off_branch: u64,
    /// How many certificates were checked.
    pub certificates: u64,
    /// The height up to which certificates in the store prove the commits. It may be below the head: a
    /// certificate is not kept for ever.
    pub proven: Height,
    /// What is wrong; empty where nothing is.
    pub findings: Vec<Finding>,
}

/// Checks what the store of replica `id` held, of the cluster that started with `committee`. `app` is the
/// application as it was at the start. Where one block is wrong, those above it are left out.
#[must_use]
pub fn audit<A: App>(id: ReplicaId, committee: &Arc<Committee>, app: A, recovered: Recovered) -> Audit {
    let Recovered { safety, high_qc, tc, halted, snapshot, handovers, committed, uncommitted } = recovered;
    let mut auditor = Auditor::new(committee, app);
    if let Some(snapshot) = snapshot {
        auditor.take_snapshot(committee, snapshot);
    }
    let of_snapshot = auditor.certificates.len();
    for proof in &handovers {
        match verify::handover(&auditor.known, proof) {
            Ok(known) => {
                auditor.known = known;
                auditor.certificates.push(proof.certificate.clone());
            }
            Err(why) => auditor.find(Finding::Handover { epoch: proof.header.epoch, why }),
        }
    }
    auditor.commit_all(&committed);
    let mut above: Vec<Block> = uncommitted.into_values().collect();
    above.sort_unstable_by_key(|block| (block.height(), block.view(), block.id()));
    above.iter().for_each(|block| auditor.add(block));
    if let Some(tc) = &tc {
        auditor.take_tc(tc);
    }
    let high_qc_view = high_qc.as_ref().map_or(View::GENESIS, QuorumCertificate::view);
    // A snapshot from a peer is stored before its certificate is learnt.
    auditor.check_high_qc(high_qc_view, of_snapshot);
    if let Some(qc) = high_qc.filter(|qc| auditor.is_sound(qc, Finding::HighQc)) {
        auditor.certificates.push(qc);
    }
    auditor.check_commit();
    auditor.check_record(id, safety, (high_qc_view, tc), (&committed, &above));
    auditor.audit.findings.extend(halted.map(Finding::Halted));
    auditor.end()
}

/// An audit under way.
struct Auditor<A> {
    tree: BlockTree,
    ledger: Ledger<A>,
    /// All committees so far: old certificates are checked too.
    known: Committees,
    /// Those that hold.
    certificates: Vec<QuorumCertificate>,
    audit: Audit,
}

/// Nothing is dropped.
const BOUNDS: TreeBounds =
    TreeBounds { retained: u32::MAX, uncommitted: u32::MAX, uncommitted_bytes: u64::MAX / 2 };

impl<A: App> Auditor<A> {
    fn new(committee: &Arc<Committee>, app: A) -> Self {
        let mut ledger = Ledger::new(app, committee.clone());
        let root = ledger.root();
        let genesis = Block::genesis(committee, root);
        let audit = Audit {
            head: genesis.reference(),
            state_root: root,
            epoch: Epoch::GENESIS,
            committed: 0,
            uncommitted: 0,
            off_branch: 0,
            certificates: 0,
            proven: Height::GENESIS,
            findings: Vec::new(),
        };
        let tree = BlockTree::new(genesis, root, committee.governed(), BOUNDS);
        let known = Committees::of(committee.clone());
        Self { tree, ledger, known, certificates: Vec::new(), audit }
    }

    fn find(&mut self, finding: Finding) {
        self.audit.findings.push(finding);
    }

    /// Whether a certificate holds; where it does not, `finding` says of what it is.
    fn is_sound(&mut self, qc: &QuorumCertificate, finding: fn(Refusal) -> Finding) -> bool {
        self.audit.certificates += 1;
        match verify::qc(&self.known, qc) {
            Ok(()) => true,
            Err(why) => {
                self.find(finding(why));
                false
            }
        }
    }

    fn take_tc(&mut self, tc: &TimeoutCertificate) {
        self.audit.certificates += 1;
        match verify::tc(&self.known, tc) {
            Ok(()) => self.certificates.push(tc.high_qc.clone()),
            Err(why) => self.find(Finding::Tc(why)),
        }
    }

    /// The high QC is stored before what it came with, but for the `skipped` first certificates.
    fn check_high_qc(&mut self, high_qc: View, skipped: usize) {
        let newest = self.certificates.iter().skip(skipped).map(|qc| qc.block).max_by_key(|block| block.view);
        if let Some(certified) = newest.filter(|block| block.view > high_qc) {
            self.find(Finding::HighQcOld { high_qc, certified });
        }
    }

    fn take_snapshot(&mut self, committee: &Arc<Committee>, snapshot: Snapshot) {
        self.audit.certificates += 1;
        match verify::snapshot(&self.known, &snapshot) {
            Ok(known) => self.known = known,
            Err(why) => return self.find(Finding::Snapshot(why)),
        }
        let (base, root) = (snapshot.base().clone(), snapshot.root());
        if self.ledger.restore(committee, snapshot.state, &root).is_err() {
            return self.find(Finding::SnapshotState(base.reference()));
        }
        let commits = self.ledger.schedules().for_children();
        self.audit.proven = base.height();
        self.certificates.push(snapshot.certificate);
        self.tree = BlockTree::rooted(&snapshot.ancestors, base, commits, root, committee.governed(), BOUNDS);
    }

    /// Checks the committed blocks that are kept, and executes those above the snapshot.
    fn commit_all(&mut self, committed: &[Block]) {
        let base = self.tree.head();
        let mut last: Option<BlockRef> = None;
        for block in committed {
            let reference = block.reference();
            // Below the snapshot a block is what the one above it says that it is.
            let is_next = last.is_none_or(|last| block.justify().block == last);
            let is_base = reference.height != base.height || reference.id == base.id;
            if !is_next || !is_base {
                return self.find(Finding::NotNext { block: reference, last: last.unwrap_or(base) });
            }
            let checked = if reference.height > base.height { self.commit(block) } else { self.check(block) };
            if let Err(why) = checked {
                return self.find(Finding::Block { block: reference, why });
            }
            self.audit.committed += 1;
            last = Some(reference);
        }
    }

    fn check(&mut self, block: &Block) -> Result<(), Refusal> {
        self.audit.certificates += 1;
        verify::block(&self.known, block)?;
        self.certificates.push(block.justify().clone());
        Ok(())
    }

    fn commit(&mut self, block: &Block) -> Result<(), Refusal> {
        self.insert(block)?;
        let id = block.id();
        let commits = self.tree.commits_of(&id).ok_or(Refusal::OffCommittedBranch(self.tree.head()))?;
        if block.parent() != self.tree.head().id {
            return Err(Refusal::OffCommittedBranch(self.tree.head()));
        }
        self.ledger.execute(block, self.tree.head().view, commits);
        let root = self.ledger.root();
        self.tree.commit(&id, root);
        let newest = self.ledger.schedules().committees().pop();
        if let Some(next) = newest.filter(|next| next.epoch() > self.known.newest().epoch()) {
            self.known = self.known.followed_by(next);
        }
        Ok(())
    }

    /// Checks a block as a replica does that votes for it, but for the lock, and adds it.
    fn insert(&mut self, block: &Block) -> Result<(), Refusal> {
        self.check(block)?;
        self.tree.insert(block.clone())?;
        let state = self.tree.commits_of(&block.parent());
        if let Some(schedule) = state.and_then(|height| self.ledger.schedules().at(height)) {
            schedule.check(block)?;
        }
        match self.tree.state_for_child_of(&block.parent()) {
            Some((height, own)) if own != block.header().state_root => {
                Err(Refusal::StateRoot { height, header: block.header().state_root, own })
            }
            _ => Ok(()),
        }
    }

    /// Adds a block above the head.
    fn add(&mut self, block: &Block) {
        self.audit.uncommitted += 1;
        match self.insert(block) {
            Ok(()) => {}
            Err(Refusal::OffCommittedBranch(_)) => self.audit.off_branch += 1,
            Err(why) => self.find(Finding::Block { block: block.reference(), why }),
        }
    }

    /// Checks that a branch here can have committed the head: its last block with a certificate, which
    /// need not be here any more.
    fn check_commit(&mut self) {
        let head = self.tree.head();
        let held: Vec<BlockRef> = self.tree.held().collect();
        let commits = |block: &BlockRef| self.tree.commits_if_certified(&block.id);
        let possible = held.iter().map(commits).max().unwrap_or_default();
        let certified = self.certificates.iter().map(|qc| commits(&qc.block)).max().unwrap_or_default();
        self.audit.proven = self.audit.proven.max(certified).min(head.height);
        if possible.max(self.audit.proven) < head.height {
            self.find(Finding::NotCommitted { head, possible });
        }
    }

    fn end(mut self) -> Audit {
        self.audit.head = self.tree.head();
        self.audit.state_root = self.tree.head_root();
        self.audit.epoch = self.ledger.schedules().newest_epoch();
        self.audit
    }
}
