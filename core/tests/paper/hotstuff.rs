//! HotStuff: safety, liveness, responsiveness, and the chained rules.

use crate::support::chaos::{chaos, check};
use crate::support::hostile::altered;
use crate::support::{Envelope, RULES, Table, spec};
use hotstuff_core::event::Event;
use hotstuff_core::message::Proposal;
use hotstuff_core::*;
use std::collections::BTreeMap;

fn table(rule: CommitRule) -> Table {
    Table::of(CommitteeSpec { rule, ..spec(4) }, 0)
}

/// Lemma 1 (section 4.4): two conflicting blocks of one view are not both certified. r1 signs two
/// blocks and would vote for both; the honest three get them in every possible way.
#[test]
fn hotstuff_lemma_1_no_view_has_two_certificates() {
    for rule in RULES {
        for which in 0..8u16 {
            let mut table = table(rule);
            table.submit(1, b"x");
            let Message::Proposal(Proposal { block: one, .. }) = table.lanes[0].message.clone() else {
                panic!("r1 proposes")
            };
            table.lanes.clear();
            let empty = hotstuff_core::command::Payload::default();
            let other = altered(&one, |header| header.payload_digest = empty.digest());
            let parts = (other.header(), other.signature(), empty);
            let other: Block = wire::decode(&wire::encode(&parts)).unwrap();
            let blocks = [one, other];
            for (bit, to) in [0, 2, 3].into_iter().enumerate() {
                let first = usize::from(which >> bit & 1);
                for block in [&blocks[first], &blocks[1 - first]] {
                    let message = Message::Proposal(Proposal { block: block.clone(), tc: None });
                    table.deliver(Envelope { from: 1, to, message });
                }
            }
            let mut votes = BTreeMap::from([(blocks[0].id(), 1), (blocks[1].id(), 1)]);
            for (_, event) in table.events.iter().filter(|(id, _)| *id != 1) {
                if let Event::Voted { block, .. } = event {
                    *votes.get_mut(&block.id).expect("one of the two") += 1;
                }
            }
            let certified = votes.values().filter(|count| **count >= 3).count();
            assert!(certified <= 1, "{rule:?}, {which:03b}: {votes:?}");
        }
    }
}

/// Theorem 2 (section 4.4): no two conflicting blocks are committed, each by an honest replica;
/// without any assumption on time. Messages are lost, repeated and reordered, replicas restart.
#[test]
fn hotstuff_theorem_2_no_two_conflicting_blocks_are_committed() {
    for rule in RULES {
        for seed in 100..102 {
            check(&chaos(rule, seed, 1_000));
        }
    }
}

/// Theorem 4 (section 4.4): after GST, once the honest are in the same view with an honest leader
/// for long enough, a decision is reached. Before GST here no message arrives for ten minutes, so
/// patience is at its cap; r3 has crashed. After it a command commits within a few such views.
#[test]
fn hotstuff_theorem_4_after_gst_commands_commit_however_long_it_took() {
    for rule in RULES {
        for before_s in [1, 30, 600] {
            let mut table = table(rule);
            table.crash(3);
            table.submit(1, b"x");
            table.run_until(Time(before_s * 1_000_000), |_| false);
            table.lanes.clear();
            let gst = table.now;
            table.run_until_applied(&[0, 1, 2], 1, |_| true);
            let (took, cap) = (table.now - gst, table.config.timeout_max_us);
            assert!(took <= Span(4 * cap.0), "{rule:?}: {took} after {before_s} s");
            check(&table);
        }
    }
}

/// Optimistic responsiveness (sections 1 and 4.4): after GST an honest leader drives a decision as
/// fast as messages travel, whatever Δ is assumed. Messages take no time here, and patience is an
/// hour: nothing waits for it.
#[test]
fn hotstuff_responsiveness_an_honest_leader_waits_for_messages_and_not_for_a_timeout() {
    for rule in RULES {
        let mut table = Table::empty(CommitteeSpec { rule, ..spec(4) }, 0);
        table.config.timeout_min_us = Span::millis(3_600_000);
        table.config.timeout_max_us = table.config.timeout_min_us;
        (0..4).for_each(|id| table.start(id));
        for sequence in 1..=20 {
            table.submit(sequence, &[sequence as u8]);
            table.run_all();
        }
        assert_eq!((table.now, table.applied(0).len()), (Time(0), 20), "{rule:?}");
    }
}

/// The same over a view change: the new leader proposes as soon as it has a quorum's timeouts. With
/// r1 silent in view 1 the command commits at the moment that patience ends, or, where the votes for
/// its chain go to r1, half a patience later.
#[test]
fn hotstuff_responsiveness_a_new_leader_proposes_on_n_minus_f_messages_at_once() {
    for (rule, halves) in [(CommitRule::ThreeChain, 3), (CommitRule::TwoChain, 2)] {
        let mut table = table(rule);
        table.crash(1);
        table.submit(1, b"x");
        table.run_until_applied(&[0, 2, 3], 1, |_| true);
        assert_eq!(table.now, Time(halves * table.config.timeout_min_us.0 / 2), "{rule:?}");
    }
}

/// Section 4.4: the pacemaker brings all honest replicas into one view for long enough. After
/// trouble, all are in the same view with the same high QC.
#[test]
fn hotstuff_section_4_4_the_pacemaker_brings_all_into_one_view() {
    for rule in RULES {
        let mut table = chaos(rule, 7, 800);
        table.run_until(table.now + Span::millis(120_000), |_| true);
        let status = table.replica(0).status();
        for id in 1..4 {
            let other = table.replica(id).status();
            assert_eq!((other.view, other.high_qc), (status.view, status.high_qc), "{rule:?}, r{id}");
        }
        assert_eq!(status.timeout_exponent, 0, "back-off is forgotten");
    }
}

/// Section 5, algorithm 5 (`update`), and Jolteon, figure 1: a QC for a block locks as deep below
/// it, and commits as deep below it, as the rule says, where views are consecutive.
#[test]
fn hotstuff_algorithm_5_and_jolteon_figure_1_what_a_certificate_locks_and_commits() {
    for (rule, locks, commits) in [(CommitRule::ThreeChain, 1, 2), (CommitRule::TwoChain, 0, 1)] {
        let mut table = table(rule);
        for sequence in 1..=8 {
            table.submit(sequence, &[sequence as u8]);
            table.run_all();
        }
        let mut certified = Height(0);
        for (_, event) in table.events.iter().filter(|(id, _)| *id == 0) {
            match event {
                Event::HighQcRaised { block } => certified = block.height,
                Event::LockRaised { block } => assert_eq!(block.height.0 + locks, certified.0, "{rule:?}"),
                Event::Committed { block, .. } => {
                    assert_eq!(block.block.height.0 + commits, certified.0, "{rule:?}");
                }
                _ => {}
            }
        }
        assert!(certified > Height(10));
        check(&table);
    }
}
