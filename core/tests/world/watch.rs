//! What one replica promises, whoever else is corrupt: looked at after each of its outputs.

use super::Chain;
use super::setting::Setting;
use hotstuff_core::safety::SafetyRecord;
use hotstuff_core::*;
use std::collections::BTreeMap;

/// A replica's disk and what was seen of it, over all its restarts.
pub struct Watch {
    id: ReplicaId,
    pub disk: Vec<Record>,
    safety: Option<SafetyRecord>,
    certified: (View, View),
    stored: BTreeMap<BlockId, Block>,
    /// Committed blocks, by height; without those that a snapshot of a peer took the place of.
    chain: BTreeMap<Height, Block>,
    genesis: BlockRef,
    votes: BTreeMap<View, BlockRef>,
    proposals: BTreeMap<View, BlockId>,
    lock: View,
}

impl Watch {
    pub fn new(id: u16, committee: &Committee) -> Self {
        Self {
            id: ReplicaId(id),
            disk: Vec::new(),
            safety: None,
            certified: (View(0), View(0)),
            stored: BTreeMap::new(),
            chain: BTreeMap::new(),
            genesis: committee.genesis_qc().block,
            votes: BTreeMap::new(),
            proposals: BTreeMap::new(),
            lock: View(0),
        }
    }

    pub fn recovered(&self) -> Recovered {
        let mut recovered = Recovered::default();
        self.disk.iter().cloned().for_each(|record| recovered.apply(record));
        recovered
    }

    pub fn head(&self) -> BlockRef {
        self.chain.last_key_value().map_or(self.genesis, |(_, block)| block.reference())
    }

    /// A record became durable.
    pub fn persisted(&mut self, record: &Record) {
        match record {
            Record::Safety(safety) => self.safety_record(safety),
            Record::Block(block) => {
                self.stored.insert(block.id(), block.clone());
            }
            Record::HighQc(qc) => {
                assert!(qc.view() > self.certified.0, "the high QC only rises");
                self.certified.0 = qc.view();
            }
            Record::Tc(tc) => {
                assert!(tc.view > self.certified.1, "the timeout certificate only rises");
                self.certified.1 = tc.view;
            }
            Record::Committed(reference) => {
                let block = self.stored.get(&reference.id).expect("a block is stored before its commit");
                assert_eq!(block.reference(), *reference);
                assert_eq!(block.parent(), self.head().id, "committed blocks extend each other");
                assert_eq!(block.height(), self.head().height.next(), "one after the other");
                self.chain.insert(block.height(), block.clone());
            }
            Record::Snapshot { snapshot, useless_to } => {
                let base = snapshot.base();
                if base.height() > self.head().height {
                    assert_eq!(*useless_to, base.height(), "a peer's");
                    let blocks = snapshot.ancestors.iter().chain([base]);
                    self.chain = blocks.map(|block| (block.height(), block.clone())).collect();
                }
                assert_eq!(self.chain.get(&base.height()).map(Block::id), Some(base.id()), "of its chain");
            }
            Record::Handover(_) | Record::Halted(_) => {}
        }
        self.disk.push(record.clone());
    }

    fn safety_record(&mut self, new: &SafetyRecord) {
        let fresh = || SafetyRecord {
            last_vote: None,
            last_timeout: View(0),
            last_proposed: View(0),
            lock: self.genesis,
        };
        let old = self.safety.clone().unwrap_or_else(fresh);
        assert!(new.lock.view > old.lock.view || new.lock == old.lock, "the lock only rises");
        assert!(new.last_timeout >= old.last_timeout, "a view given up stays so");
        assert!(new.last_proposed >= old.last_proposed, "a view proposed in stays so");
        if new.last_vote != old.last_vote {
            let vote = new.last_vote.clone().expect("a vote is not forgotten");
            let (view, before) = (vote.block.view, old.last_vote.map_or(View(0), |vote| vote.block.view));
            assert!(view > before, "a vote in view {view} after one in {before}");
            assert!(view > old.last_timeout, "a vote in view {view}, given up before");
            assert_eq!(self.votes.insert(view, vote.block), None, "one vote in view {view}");
        }
        self.safety = Some(new.clone());
    }

    /// A message leaves.
    pub fn sent(&mut self, to: Option<ReplicaId>, message: &Message) {
        assert_ne!(to, Some(self.id), "to itself");
        let safety = self.safety.as_ref();
        match message {
            Message::Vote(vote) => {
                assert_eq!(vote.voter, self.id);
                assert_eq!(safety.and_then(|safety| safety.last_vote.as_ref()), Some(vote), "recorded");
            }
            Message::Timeout(timeout) => {
                assert_eq!(timeout.replica, self.id);
                let safety = safety.expect("a timeout is recorded before it leaves");
                assert!(safety.last_timeout >= timeout.view, "recorded");
                assert!(timeout.high_qc.view() >= safety.lock.view, "nothing is hid from the next leader");
                if let Some(vote) = &timeout.last_vote {
                    assert_eq!(self.votes.get(&vote.block.view), Some(&vote.block), "its own vote");
                }
            }
            Message::Proposal(proposal) => {
                let (view, block) = (proposal.block.view(), proposal.block.id());
                assert_eq!(proposal.block.header().proposer, self.id);
                assert!(safety.is_some_and(|safety| safety.last_proposed >= view), "recorded");
                assert_eq!(*self.proposals.entry(view).or_insert(block), block, "one proposal in a view");
            }
            _ => {}
        }
    }

    /// Looks at a replica that has nothing more to put out.
    pub fn at_rest(&mut self, replica: &Replica<Chain>, now: Time, setting: &Setting) {
        let status = replica.status();
        assert_eq!(status.committed_head, self.head(), "what is committed is on the disk");
        assert!(status.lock.view >= self.lock, "the lock only rises");
        self.lock = status.lock.view;
        let recorded = self.safety.as_ref().map_or(self.genesis, |safety| safety.lock);
        assert_eq!(status.lock, recorded, "the lock is on the disk");
        assert_eq!(status.halted, replica.deadline().is_none());
        if !status.halted {
            assert!(status.view > status.high_qc.view, "pitfall 17");
            let is_far = now > Time(u64::MAX / 2);
            let due = replica.deadline();
            assert!(is_far || due > Some(now), "due at {due:?}, it would spin at {now:?}: {status:?}");
        }
        self.check_bounds(replica, setting);
    }

    fn check_bounds(&self, replica: &Replica<Chain>, setting: &Setting) {
        let (held, config, limits) = (replica.footprint(), &setting.config, &setting.spec.limits);
        let replicas = usize::from(setting.replicas());
        assert!(held.uncommitted_blocks <= config.tree_blocks as usize, "{held:?}");
        assert!(held.uncommitted_bytes <= config.tree_bytes, "{held:?}");
        assert!(held.committed_blocks <= self.committed_max(setting), "{held:?}");
        assert!(held.commands <= config.mempool_commands, "{held:?}");
        assert!(held.command_bytes <= config.mempool_bytes, "{held:?}");
        assert!(held.clients <= limits.sessions as usize, "{held:?}");
        assert!(held.votes <= replicas && held.timeouts <= 2 * replicas, "{held:?}");
        assert!(held.waiting_proposals <= replicas && held.equivocators <= replicas, "{held:?}");
        assert!((1..=3).contains(&held.committees), "{held:?}");
        let downloads = replica.committees().newest().faulty_count_max() as u64 + 1;
        assert!(held.snapshot_bytes as u64 <= downloads * config.snapshot_bytes, "{held:?}");
        assert!(held.hinted <= replicas && held.served <= replicas, "{held:?}");
        assert!(held.handovers as u64 <= replica.committees().epochs().1.0, "{held:?}");
    }

    /// One more than `retained_blocks`, or as many as the head's justify is ahead of what it commits.
    fn committed_max(&self, setting: &Setting) -> usize {
        let first = self.chain.first_key_value().map_or(0, |(height, _)| height.0 - 1);
        let (head, depth) = (self.head().height.0, setting.spec.rule.commit_depth() as u64);
        let view = |height: u64| self.chain.get(&Height(height)).map_or(View(0), Block::view);
        let commits = |tip: u64| {
            let bottom = tip.checked_sub(depth).filter(|bottom| *bottom >= first)?;
            (bottom..tip).all(|at| view(at + 1).follows(view(at))).then_some(bottom)
        };
        let committed = (first..head).rev().find_map(commits).unwrap_or(first);
        let needed = head - committed.min(head.saturating_sub(depth));
        usize::try_from(needed.max(setting.config.retained_blocks.into())).expect("a short run") + 1
    }

    /// A replica starts again: what it had not made durable is gone.
    pub fn restarted(&mut self) {
        self.lock = View(0);
    }
}
