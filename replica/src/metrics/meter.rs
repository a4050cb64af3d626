//! The driver's way to its counts: what the core's events say.

use super::{Metrics, add, reasons};
use hotstuff_core::certificate::BlockId;
use hotstuff_core::crypto::Digest;
use hotstuff_core::{Event, Height, Time, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most proposals whose arrival is remembered at once, whatever comes.
const PROPOSALS_MAX: usize = 4_096;

/// Counts what happens in one replica.
#[derive(Debug)]
pub struct Meter {
    metrics: Arc<Metrics>,
    view: View,
    /// When proposals came whose blocks are not committed yet.
    arrivals: BTreeMap<(Height, BlockId), Time>,
}

impl Meter {
    /// Counts into `metrics`.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, view: View(0), arrivals: BTreeMap::new() }
    }

    /// Where it counts.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Counts an event that is told at `now`, and comes of what was handled at `handled`.
    pub fn note(&mut self, handled: Time, now: Time, event: &Event) {
        let metrics = &*self.metrics;
        match event {
            Event::ViewEntered { view, cause, .. } => {
                self.view = *view;
                if let Some(end) = reasons::view_end(*cause) {
                    metrics.views.add(end);
                }
            }
            // A block of a view that is over was fetched: how long that took says nothing of agreement.
            Event::BlockAdded(block)
                if block.block.view >= self.view && self.arrivals.len() < PROPOSALS_MAX =>
            {
                self.arrivals.insert((block.block.height, block.block.id), handled);
            }
            Event::Committed { block, .. } => {
                add(&metrics.blocks);
                metrics.block_commands.observe(block.commands.into());
                let (height, id) = (block.block.height, block.block.id);
                if let Some(came) = self.arrivals.get(&(height, id)) {
                    metrics.commit_latency.observe((now - *came).0);
                }
                self.arrivals = self.arrivals.split_off(&(height.next(), Digest([0; 32])));
            }
            Event::Proposed(_) => add(&metrics.proposals),
            Event::Voted { .. } => add(&metrics.votes),
            Event::VoteRefused { why, .. } => metrics.votes_refused.add(why.name()),
            Event::MessageRefused { why, .. } => metrics.messages_refused.add(why.name()),
            Event::CommandAdmitted(_) => add(&metrics.commands_admitted),
            Event::CommandRefused { why, .. } => metrics.commands_refused.add(why.name()),
            Event::TimedOut { patience, .. } => {
                let cause = if patience.is_some() { reasons::OWN_PATIENCE } else { reasons::OTHERS };
                metrics.timeouts.add(cause);
            }
            Event::FetchStarted { .. } => add(&metrics.fetches),
            Event::SnapshotInstalled { .. } => add(&metrics.snapshots),
            Event::Equivocation(_) => add(&metrics.equivocations),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::crypto::Digest;
    use hotstuff_core::event::{BlockSummary, EntryCause};
    use hotstuff_core::{BlockRef, Epoch, Refusal, ReplicaId, Span};

    fn block(view: u64, height: u64, commands: u32) -> BlockSummary {
        let id = Digest([u8::try_from(height).unwrap(); 32]);
        let block = BlockRef { epoch: Epoch(0), view: View(view), height: Height(height), id };
        let (parent, state_root) = (Digest([0; 32]), Digest([0; 32]));
        BlockSummary { block, parent, justify_view: View(0), proposer: ReplicaId(0), state_root, commands }
    }

    fn committed(block: BlockSummary) -> Event {
        Event::Committed { block, state_root: Digest([0; 32]) }
    }

    fn entered(view: u64, cause: EntryCause) -> Event {
        Event::ViewEntered { view: View(view), leader: ReplicaId(0), next_leader: ReplicaId(1), cause }
    }

    #[test]
    fn latency_is_from_a_proposals_arrival_to_its_commit_and_fetched_blocks_have_none() {
        let metrics = Arc::new(Metrics::default());
        let mut meter = Meter::new(Arc::clone(&metrics));
        let mut note = |handled, now, event| meter.note(Time(handled), Time(now), &event);
        note(0, 0, entered(5, EntryCause::Start));
        note(100, 150, Event::BlockAdded(block(5, 2, 7)));
        note(200, 200, Event::BlockAdded(block(1, 1, 3)));
        note(300, 350, committed(block(1, 1, 3)));
        note(300, 400, committed(block(5, 2, 7)));
        assert_eq!((metrics.commit_latency.sum(), metrics.commit_latency.reading().count), (300, 1));
        assert_eq!((metrics.block_commands.sum(), metrics.block_commands.reading().count), (10, 2));
        assert!(meter.arrivals.is_empty());
    }

    #[test]
    fn arrivals_that_never_come_to_a_commit_are_bounded_and_forgotten() {
        let mut meter = Meter::new(Arc::default());
        for number in 0..PROPOSALS_MAX as u64 + 10 {
            let mut added = block(number, 1, 0);
            added.block.height = Height(number);
            meter.note(Time(0), Time(0), &Event::BlockAdded(added));
        }
        assert_eq!(meter.arrivals.len(), PROPOSALS_MAX);
        let mut last = block(0, 1, 0);
        last.block.height = Height(u64::MAX);
        meter.note(Time(0), Time(0), &committed(last));
        assert!(meter.arrivals.is_empty());
    }

    #[test]
    fn refusals_are_counted_by_the_names_that_logs_have() {
        let metrics = Arc::new(Metrics::default());
        let mut meter = Meter::new(Arc::clone(&metrics));
        let why = || Refusal::AlreadyVoted { view: View(7), last_voted: View(8) };
        meter.note(Time(0), Time(0), &Event::VoteRefused { block: block(7, 1, 0).block, why: why() });
        let refused = Event::MessageRefused { from: ReplicaId(1), kind: None, why: Refusal::TreeFull };
        meter.note(Time(0), Time(0), &refused);
        meter.note(Time(0), Time(0), &refused);
        let told =
            |tally: &super::super::Tally| tally.counts().filter(|(_, count)| *count > 0).collect::<Vec<_>>();
        assert_eq!(told(&metrics.votes_refused), [("already-voted", 1)]);
        assert_eq!(told(&metrics.messages_refused), [("tree-full", 2)]);
        assert!(metrics.commands_refused.counts().any(|(name, count)| (name, count) == ("busy", 0)));
    }

    #[test]
    fn views_and_timeouts_are_counted_by_what_ended_them() {
        let metrics = Arc::new(Metrics::default());
        let mut meter = Meter::new(Arc::clone(&metrics));
        let mut note = |event| meter.note(Time(0), Time(0), &event);
        for cause in
            [EntryCause::Start, EntryCause::Qc, EntryCause::Qc, EntryCause::Tc, EntryCause::WeakQuorum]
        {
            note(entered(1, cause));
        }
        for patience in [Some(Span(1)), None, None] {
            note(Event::TimedOut { view: View(1), high_qc: View(0), exponent: 0, patience });
        }
        let counts = |tally: &super::super::Tally| tally.counts().collect::<Vec<_>>();
        assert_eq!(counts(&metrics.views), [("qc", 2), ("tc", 1), ("weak_quorum", 1)]);
        assert_eq!(counts(&metrics.timeouts), [("patience", 1), ("others", 2)]);
    }
}
