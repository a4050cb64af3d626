//! Every commit obeys the commit rule, by the certificates that the replica told and was sent before.

use super::told::{Held, Told};
use super::{Breach, Checker, Observed};
use hotstuff_core::certificate::BlockId;
use hotstuff_core::message::{FetchResponse, MessageKind};
use hotstuff_core::{BlockRef, CommitRule, Event, Message, ReplicaId};
use std::collections::{BTreeMap, BTreeSet};

/// What each replica may commit.
#[derive(Clone)]
pub(super) struct Commits {
    rule: CommitRule,
    chains: BTreeMap<ReplicaId, Chain>,
}

impl Commits {
    pub(super) fn new(rule: CommitRule) -> Self {
        Self { rule, chains: BTreeMap::new() }
    }
}

/// One replica's blocks above its committed head, and what is known of them.
#[derive(Clone)]
struct Chain {
    rule: CommitRule,
    told: Told,
    /// Certified blocks that are missing.
    missing: BTreeSet<BlockRef>,
    /// Those of the blocks that may commit.
    may_commit: BTreeSet<BlockId>,
    /// Whether what happens follows from a start, before which something may have become durable and was
    /// not told.
    is_start: bool,
    /// Whether all that is added is certified, because it came with a snapshot.
    is_snapshot: bool,
}

impl Checker for Commits {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach> {
        let Some(replica) = observed.id() else { return Ok(()) };
        for event in &observed.step.events {
            if let Event::Started { head, .. } = event {
                let before = self.chains.remove(&replica);
                self.chains.insert(replica, Chain::started(self.rule, before, *head, observed));
            }
        }
        let Some(chain) = self.chains.get_mut(&replica) else { return Ok(()) };
        // A fetched block's certificate may be lower than the high QC, and is not told then.
        if let Some(Message::FetchResponse(FetchResponse { certificate: Some(qc), .. })) =
            observed.received.map(|letter| letter.content())
            && !observed.refuses(MessageKind::FetchResponse)
        {
            chain.certify(qc.block);
        }
        for event in &observed.step.events {
            chain.event(event).map_err(|block| Breach::CommitRule { replica, block })?;
        }
        (chain.is_start, chain.is_snapshot) = (false, false);
        if let Some(core) = observed.replica {
            chain.told.keep_up(core);
        }
        Ok(())
    }
}

impl Chain {
    fn started(rule: CommitRule, before: Option<Self>, head: BlockRef, observed: &Observed<'_>) -> Self {
        let told = Told::started(before.map(|before| before.told), head, observed);
        let certified: Vec<BlockId> = told.blocks().map(|held| held.parent).collect();
        let (missing, may_commit) = (BTreeSet::new(), BTreeSet::new());
        let mut chain = Self { rule, told, missing, may_commit, is_start: true, is_snapshot: false };
        certified.iter().for_each(|id| chain.follow(id));
        if let Some(status) = observed.status {
            chain.certify(status.high_qc);
        }
        chain
    }

    fn event(&mut self, event: &Event) -> Result<(), BlockRef> {
        match event {
            Event::BlockAdded(summary) => {
                let held = Held::from(summary);
                self.told.add(held);
                self.follow(&held.parent);
                if self.missing.remove(&held.block) || self.is_snapshot {
                    self.follow(&held.block.id);
                }
            }
            Event::HighQcRaised { block } => self.certify(*block),
            Event::SnapshotInstalled { block, .. } => {
                self.told = Told::rooted(*block);
                self.may_commit.clear();
                self.is_snapshot = true;
            }
            Event::Committed { block, .. } => {
                let block = block.block;
                if !self.may_commit.remove(&block.id) && !self.is_untold(&block) {
                    return Err(block);
                }
                self.told.commit(block);
                self.missing.retain(|missing| missing.height > block.height);
                self.may_commit.retain(|id| self.told.block(id).is_some());
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether nothing is known of a block, as it was added before a crash, and is dropped again.
    fn is_untold(&self, block: &BlockRef) -> bool {
        self.is_start && self.told.block(&block.id).is_none()
    }

    /// There is a certificate of a block, which may be missing.
    fn certify(&mut self, block: BlockRef) {
        if self.told.block(&block.id).is_some() {
            self.follow(&block.id);
        } else if block.height > self.told.head().height {
            self.missing.insert(block);
        }
    }

    /// There is a certificate of a block that is held: if it is the last of a chain in consecutive views,
    /// the first may commit, with all before it.
    fn follow(&mut self, certified: &BlockId) {
        let mut cursor = self.told.block(certified).copied();
        let generations = match self.rule {
            CommitRule::ThreeChain => 2,
            CommitRule::TwoChain => 1,
        };
        for _ in 0..generations {
            let child = cursor;
            cursor = child.and_then(|held| self.told.block(&held.parent)).copied();
            let views = child.zip(cursor).map(|(child, parent)| (child.block.view, parent.block.view));
            if !views.is_some_and(|(child, parent)| child.follows(parent)) {
                return;
            }
        }
        while let Some(held) = cursor.filter(|held| self.may_commit.insert(held.block.id)) {
            cursor = self.told.block(&held.parent).copied();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkers::fabricated::{Cluster, block, child, commit_of, receive, started, tell};
    use hotstuff_core::event::BlockSummary;

    /// One block after the other in these views, each certified by the next, on genesis.
    fn chain(views: &[u64]) -> Vec<BlockSummary> {
        let mut blocks: Vec<BlockSummary> = Vec::new();
        for view in views {
            let parent = blocks.last().map_or(block(0, 0), |parent| parent.block);
            blocks.push(child(parent, 0, *view));
        }
        blocks
    }

    fn added(blocks: &[BlockSummary]) -> Vec<Event> {
        blocks.iter().cloned().map(Event::BlockAdded).collect()
    }

    fn begun(rule: CommitRule) -> Commits {
        let mut checker = Commits::new(rule);
        tell(&mut checker, 0, vec![started(block(0, 0), 0)]).unwrap();
        checker
    }

    /// What comes of committing the lowest blocks, `count` of them, of a chain in these views, whose last
    /// block is certified or not.
    fn commit(rule: CommitRule, views: &[u64], is_certified: bool, count: usize) -> Result<(), Breach> {
        let (blocks, mut checker) = (chain(views), begun(rule));
        tell(&mut checker, 0, added(&blocks)).unwrap();
        if is_certified {
            let block = blocks.last().unwrap().block;
            tell(&mut checker, 0, vec![Event::HighQcRaised { block }]).unwrap();
        }
        tell(&mut checker, 0, blocks[..count].iter().map(commit_of).collect())
    }

    fn breach(rule: CommitRule, views: &[u64], is_certified: bool, count: usize) -> bool {
        let block = chain(views)[count - 1].block;
        match commit(rule, views, is_certified, count) {
            Ok(()) => false,
            Err(found) => {
                assert_eq!(found, Breach::CommitRule { replica: ReplicaId(0), block });
                true
            }
        }
    }

    #[test]
    fn a_block_commits_with_its_ancestors_by_as_many_certified_descendants_as_the_rule_says() {
        let (three, two) = (CommitRule::ThreeChain, CommitRule::TwoChain);
        assert_eq!(commit(three, &[1, 2, 3], true, 1), Ok(()));
        assert_eq!(commit(three, &[1, 2, 3, 4], false, 1), Ok(()), "certified by the next one");
        assert_eq!(commit(three, &[1, 5, 7, 8, 9], true, 3), Ok(()), "ancestors in any views");
        assert_eq!(commit(two, &[1, 2], true, 1), Ok(()));
        assert_eq!(commit(two, &[1, 5, 6], true, 2), Ok(()));
    }

    #[test]
    fn a_commit_one_generation_early_is_found() {
        assert!(breach(CommitRule::ThreeChain, &[1, 2, 3], false, 1));
        assert!(breach(CommitRule::ThreeChain, &[1, 2, 3, 4], true, 3));
        assert!(breach(CommitRule::TwoChain, &[1, 2], false, 1));
    }

    #[test]
    fn a_commit_across_a_gap_in_the_views_is_found() {
        assert!(breach(CommitRule::ThreeChain, &[1, 2, 4], true, 1));
        assert!(breach(CommitRule::ThreeChain, &[1, 3, 4], true, 1));
        assert!(breach(CommitRule::TwoChain, &[1, 3], true, 1));
    }

    #[test]
    fn a_commit_of_a_block_beside_the_chain_is_found() {
        let (blocks, mut checker) = (chain(&[1, 2, 3, 4]), begun(CommitRule::ThreeChain));
        let beside = child(block(0, 0), 1, 2);
        tell(&mut checker, 0, [added(&blocks), added(core::slice::from_ref(&beside))].concat()).unwrap();
        let breach = Breach::CommitRule { replica: ReplicaId(0), block: beside.block };
        assert_eq!(tell(&mut checker, 0, vec![commit_of(&beside)]), Err(breach));
    }

    #[test]
    fn a_certificate_counts_that_came_before_its_block_or_with_fetched_ones() {
        let (blocks, mut checker) = (chain(&[1, 2, 3]), begun(CommitRule::ThreeChain));
        tell(&mut checker, 0, vec![Event::HighQcRaised { block: blocks[2].block }]).unwrap();
        tell(&mut checker, 0, [added(&blocks), vec![commit_of(&blocks[0])]].concat()).unwrap();

        let certificate = Some(Cluster::new(None).qc(blocks[2].block, &[0, 1, 2]));
        let response = FetchResponse { target: None, blocks: Vec::new(), certificate };
        let events = [added(&blocks), vec![commit_of(&blocks[0])]].concat();
        let message = Message::FetchResponse(response);
        let mut checker = begun(CommitRule::ThreeChain);
        assert_eq!(receive(&mut checker, 0, message.clone(), events.clone()), Ok(()));
        let why = hotstuff_core::Refusal::BadCertificate(hotstuff_core::View(3));
        let kind = Some(MessageKind::FetchResponse);
        let refused = Event::MessageRefused { from: ReplicaId(1), kind, why };
        let found = receive(&mut begun(CommitRule::ThreeChain), 0, message, [vec![refused], events].concat());
        assert_eq!(found, Err(Breach::CommitRule { replica: ReplicaId(0), block: blocks[0].block }));
    }

    #[test]
    fn a_restart_goes_on_with_what_was_held() {
        let (blocks, mut checker) = (chain(&[1, 2, 3, 4]), begun(CommitRule::ThreeChain));
        tell(&mut checker, 0, added(&blocks)).unwrap();
        tell(&mut checker, 0, vec![started(block(0, 0), 0), commit_of(&blocks[0])]).unwrap();
        let breach = Breach::CommitRule { replica: ReplicaId(0), block: blocks[1].block };
        assert_eq!(tell(&mut checker, 0, vec![commit_of(&blocks[1])]), Err(breach));
    }

    #[test]
    fn blocks_above_a_snapshot_are_certified_by_it_and_later_ones_are_not() {
        let (base, mut checker) = (block(7, 40), begun(CommitRule::ThreeChain));
        let mut above: Vec<BlockSummary> = Vec::new();
        for view in 41..=44 {
            let parent = above.last().map_or(base, |parent| parent.block);
            above.push(child(parent, 7, view));
        }
        let installed =
            Event::SnapshotInstalled { block: base, peer: ReplicaId(1), state_root: Default::default() };
        let events = [vec![installed], added(&above[..3]), vec![commit_of(&above[0])]].concat();
        assert_eq!(tell(&mut checker, 0, events), Ok(()));
        let breach = Breach::CommitRule { replica: ReplicaId(0), block: above[1].block };
        let events = [added(&above[3..]), vec![commit_of(&above[1])]].concat();
        assert_eq!(tell(&mut checker, 0, events), Err(breach));
    }

    #[test]
    fn what_is_remembered_of_a_long_run_is_bounded() {
        let mut checker = begun(CommitRule::TwoChain);
        let blocks = chain(&(1..=500).collect::<Vec<u64>>());
        for at in 2..blocks.len() {
            let events = if at == 2 { added(&blocks[..=2]) } else { added(&blocks[at..=at]) };
            tell(&mut checker, 0, [events, vec![commit_of(&blocks[at - 2])]].concat()).unwrap();
        }
        let chain = &checker.chains[&ReplicaId(0)];
        assert!(chain.told.blocks().count() <= 2 && chain.may_commit.len() <= 2 && chain.missing.is_empty());
    }
}
