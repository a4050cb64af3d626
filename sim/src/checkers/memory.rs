//! What a replica holds stays within the bounds that its config and the committee name.

use super::{Breach, Checker, Observed};
use crate::config::SimConfig;
use hotstuff_core::committee::Limits;
use hotstuff_core::footprint::Footprint;
use hotstuff_core::{BlockRef, CommitRule, Committees, Config, Event, Height, Replica, ReplicaId, View};
use hotstuff_kv::KvStore;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many of a replica's steps pass from one look at it to the next.
const INTERVAL: u64 = 64;

/// Every replica's committed blocks, as far as they say how many of them it may hold.
#[derive(Clone)]
pub(super) struct Memory {
    config: Config,
    limits: Limits,
    rule: CommitRule,
    /// There is a link to each.
    replicas: u16,
    steps: BTreeMap<ReplicaId, u64>,
    tails: BTreeMap<ReplicaId, Tail>,
}

impl Memory {
    pub(super) fn new(config: &SimConfig) -> Self {
        let SimConfig { replica, limits, rule, .. } = *config;
        let replicas = config.replicas + config.joiners;
        let (steps, tails) = (BTreeMap::new(), BTreeMap::new());
        Self { config: replica, limits, rule, replicas, steps, tails }
    }

    /// The parts that have a bound, each with what is held and the most that may be.
    fn parts(
        &self,
        held: Footprint,
        committees: &Committees,
        committed_max: u64,
    ) -> [(&'static str, u64, u64); 15] {
        let (config, limits) = (&self.config, &self.limits);
        let members: BTreeSet<ReplicaId> = committees.iter().flat_map(|committee| committee.ids()).collect();
        let replicas = u64::from(self.replicas).max(members.len() as u64);
        let changes = committees.epochs().1.0;
        // Of the committees that count, and not only of the newest: downloads outlive a change.
        let downloads =
            committees.iter().map(|committee| committee.faulty_count_max()).max().unwrap_or(0) + 1;
        let snapshot_bytes = config.snapshot_bytes.saturating_mul(downloads as u64);
        [
            ("uncommitted blocks", held.uncommitted_blocks as u64, config.tree_blocks.into()),
            ("bytes of uncommitted blocks", held.uncommitted_bytes, config.tree_bytes),
            ("committed blocks", held.committed_blocks as u64, committed_max),
            ("commands", held.commands.into(), config.mempool_commands.into()),
            ("bytes of commands", held.command_bytes, config.mempool_bytes),
            ("clients", held.clients as u64, limits.sessions.into()),
            ("votes", held.votes as u64, replicas),
            ("timeouts", held.timeouts as u64, 2 * replicas),
            ("waiting proposals", held.waiting_proposals as u64, replicas),
            ("reported equivocators", held.equivocators as u64, replicas),
            ("committees", held.committees as u64, 3),
            ("bytes of snapshots", held.snapshot_bytes as u64, snapshot_bytes),
            ("handovers", held.handovers as u64, changes),
            ("peers that seem ahead", held.hinted as u64, replicas),
            ("peers to serve", held.served as u64, replicas),
        ]
    }
}

impl Checker for Memory {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach> {
        let (Some(id), Some(replica)) = (observed.id(), observed.replica) else { return Ok(()) };
        let begins_anew =
            |event: &Event| matches!(event, Event::Started { .. } | Event::SnapshotInstalled { .. });
        if observed.step.events.iter().any(begins_anew) {
            self.tails.insert(id, Tail::of(replica, self.rule));
        } else if let Some(tail) = self.tails.get_mut(&id) {
            for event in &observed.step.events {
                if let Event::Committed { block, .. } = event {
                    tail.commit(block.block, self.rule);
                }
            }
        }
        let steps = self.steps.entry(id).or_default();
        *steps += 1;
        let Some(tail) = self.tails.get(&id).filter(|_| (*steps).is_multiple_of(INTERVAL)) else {
            return Ok(());
        };
        let committed_max = tail.held_max(self.rule, self.config.retained_blocks);
        let parts = self.parts(replica.footprint(), replica.committees(), committed_max);
        parts.into_iter().find(|(_, held, limit)| held > limit).map_or(Ok(()), |(what, held, limit)| {
            Err(Breach::Memory { replica: id, what: what.into(), held, limit })
        })
    }
}

/// The end of a replica's committed chain: what its next commits look back over.
#[derive(Clone)]
struct Tail {
    /// The last views, the head's at the end.
    views: VecDeque<View>,
    head: Height,
    /// The last block that the head's justify commits, or one below.
    commits: Height,
}

impl Tail {
    /// That of a replica which may hold no more below than it holds now.
    fn of(replica: &Replica<KvStore>, rule: CommitRule) -> Self {
        let head = replica.status().committed_head.height;
        let held = replica.recent_blocks();
        let committed = held.into_iter().map(|block| block.block);
        let mut committed = committed.take_while(|block| block.height <= head).peekable();
        // Genesis is held below height 1, but not told.
        let lowest = committed.next_if(|block| block.height > Height(1));
        let (height, view) = lowest.map_or_else(Default::default, |block| (block.height, block.view));
        let mut tail = Self::from(height, view);
        committed.for_each(|block| tail.commit(block, rule));
        tail
    }

    fn from(lowest: Height, view: View) -> Self {
        Self { views: VecDeque::from([view]), head: lowest, commits: lowest }
    }

    fn commit(&mut self, block: BlockRef, rule: CommitRule) {
        let depth = depth(rule);
        let links = self.views.iter().zip(self.views.iter().skip(1));
        if self.views.len() > depth && links.into_iter().all(|(below, above)| above.follows(*below)) {
            self.commits = Height(self.head.0 - depth as u64);
        }
        self.views.push_back(block.view);
        if self.views.len() > depth + 1 {
            self.views.pop_front();
        }
        self.head = block.height;
    }

    /// How many committed blocks may be held: one more than are retained, or as many as the head's
    /// justify is ahead of what it commits, and a commit looks back over.
    fn held_max(&self, rule: CommitRule, retained: u32) -> u64 {
        let needed = (self.head.0 - self.commits.0).max(depth(rule) as u64);
        needed.max(retained.into()) + 1
    }
}

/// How many generations of certified descendants commit a block.
fn depth(rule: CommitRule) -> usize {
    match rule {
        CommitRule::ThreeChain => 2,
        CommitRule::TwoChain => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkers::fabricated::{block, child};
    use crate::step::{Cause, Step};
    use crate::{Signatures, Sim, Workload};
    use hotstuff_core::{Span, Time};

    /// A run of some seconds whose replicas keep `retained` committed blocks.
    fn run(retained: u32) -> Sim {
        let replica = Config { retained_blocks: retained, ..Config::default() };
        let workload = Workload { commands: 40, interval_us: Span::millis(50), ..Workload::default() };
        let mut sim =
            Sim::new(SimConfig { replica, workload, signatures: Signatures::Tags, ..SimConfig::default() })
                .unwrap();
        sim.run_until(Time(4_000_000), |_| {});
        sim
    }

    /// What is found when r1 of the run, which holds all of its chain, is said to keep 4 blocks and to
    /// have gone through so many steps.
    fn found(sim: &Sim, steps: u64) -> Option<Breach> {
        let replica = Config { retained_blocks: 4, ..Config::default() };
        let mut checker = Memory::new(&SimConfig { replica, ..SimConfig::default() });
        let mut tail = Tail::from(Height::GENESIS, View::GENESIS);
        (1..=60).for_each(|height| tail.commit(block(0, height), CommitRule::ThreeChain));
        checker.tails.insert(ReplicaId(1), tail);
        let host = Some(ReplicaId(1).into());
        let (index, time, cause, events, results) = (0, Time(0), Cause::Timer, Vec::new(), Vec::new());
        let step = Step { index, time, host, cause, events, results };
        let observed = Observed { replica: sim.replica(ReplicaId(1)), ..Observed::of(&step) };
        (0..steps).find_map(|_| checker.check(&observed).err())
    }

    #[test]
    fn a_replica_that_keeps_its_bounds_passes_and_one_that_does_not_is_found_at_the_next_look() {
        assert_eq!(found(&run(4), INTERVAL), None);
        let sim = run(1_024);
        let held = sim.replica(ReplicaId(1)).unwrap().footprint().committed_blocks as u64;
        assert!(held > 5, "{held}");
        assert_eq!(found(&sim, INTERVAL - 1), None);
        let breach =
            Breach::Memory { replica: ReplicaId(1), what: "committed blocks".into(), held, limit: 5 };
        assert_eq!(found(&sim, INTERVAL), Some(breach));
    }

    #[test]
    fn each_part_has_its_bound() {
        let sim = run(4);
        let replica = sim.replica(ReplicaId(0)).unwrap();
        let checker = Memory::new(sim.config());
        let over = |held: Footprint| {
            let parts = checker.parts(held, replica.committees(), 5);
            parts
                .into_iter()
                .filter(|(_, held, limit)| held > limit)
                .map(|(what, ..)| what)
                .collect::<Vec<_>>()
        };
        let good = replica.footprint();
        assert_eq!(over(good), Vec::<&str>::new());
        assert_eq!(over(Footprint { uncommitted_blocks: 4_097, ..good }), ["uncommitted blocks"]);
        assert_eq!(over(Footprint { committed_blocks: 6, ..good }), ["committed blocks"]);
        assert_eq!(over(Footprint { votes: 5, ..good }), ["votes"]);
        assert_eq!(over(Footprint { timeouts: 9, ..good }), ["timeouts"]);
        assert_eq!(over(Footprint { handovers: 1, ..good }), ["handovers"]);
        let most = usize::MAX;
        let all = Footprint {
            uncommitted_blocks: most,
            uncommitted_bytes: u64::MAX,
            committed_blocks: most,
            commands: u32::MAX,
            command_bytes: u64::MAX,
            clients: most,
            votes: most,
            timeouts: most,
            waiting_proposals: most,
            equivocators: most,
            committees: most,
            snapshot_bytes: most,
            handovers: most,
            hinted: most,
            served: most,
        };
        assert_eq!(over(all).len(), 15);
    }

    fn held_max(rule: CommitRule, views: &[u64]) -> u64 {
        let mut tail = Tail::from(Height::GENESIS, View::GENESIS);
        let mut head = block(0, 0);
        for view in views {
            head = child(head, 0, *view).block;
            tail.commit(head, rule);
        }
        tail.held_max(rule, 1)
    }

    #[test]
    fn blocks_stay_for_as_long_as_failed_views_keep_commits_back() {
        let (three, two) = (CommitRule::ThreeChain, CommitRule::TwoChain);
        // The last justify commits height 3 of 6, and 4 of 6.
        assert_eq!(held_max(three, &[1, 2, 3, 4, 5, 6]), 4);
        assert_eq!(held_max(two, &[1, 2, 3, 4, 5, 6]), 3);
        // None of the pairs after the first commits anything.
        assert_eq!(held_max(three, &[1, 2, 4, 5, 7, 8]), 7);
        assert_eq!(held_max(two, &[1, 2, 4, 6, 8, 10]), 6);
        assert_eq!(held_max(two, &[1, 2, 4, 6, 8, 10, 11, 12]), 3);
    }
}
