//! False certificates, before those who refuse them and before those who do not.

use super::*;
use crate::byzantine::stage::{Sent, Stage};
use crate::ids::HostId;
use crate::step::{Cause, Step};
use crate::weakness::Weakness;
use hotstuff_core::message::MessageKind;
use hotstuff_core::{BlockRef, CommitRule, Event, Refusal};
use std::collections::{BTreeMap, BTreeSet};

const RULES: [CommitRule; 2] = [CommitRule::ThreeChain, CommitRule::TwoChain];

#[test]
fn an_honest_cluster_refuses_every_kind_wherever_it_stands() {
    for rule in RULES {
        let mut stage = Stage::new(rule, Conduct::Forger);
        stage.run(20_000);
        let mut refused = BTreeSet::new();
        for (_, event) in stage.told() {
            if let Event::MessageRefused { kind: Some(kind), why, .. } = event {
                refused.insert((
                    *kind,
                    match why {
                        Refusal::RepeatedSigner(_) => 0,
                        Refusal::BadCertificate(_) => 1,
                        Refusal::BelowQuorum { .. } => 2,
                        other => panic!("{other}"),
                    },
                ));
            }
        }
        for kind in [MessageKind::NewView, MessageKind::Timeout, MessageKind::Proposal] {
            for why in 0..3 {
                assert!(refused.contains(&(kind, why)), "{kind} {why}: {refused:?}");
            }
        }
        assert_eq!(stage.sim.violation(), None);
        assert!(stage.sim.replies().len() > 50, "{}", stage.sim.replies().len());
    }
}

/// Whoever believes one of its certificates commits beside what is committed, or halts.
#[test]
fn a_cluster_that_believes_it_is_led_into_conflicting_commits() {
    for weakness in [Weakness::CountDuplicateSigners, Weakness::AcceptUnverified] {
        for rule in RULES {
            let mut stage = Stage::weak(rule, Conduct::Forger, weakness);
            stage.run(5_000);
            let mut committed = BTreeMap::new();
            let conflicts = |(_, event): (HostId, &Event)| match event {
                Event::Committed { block, .. } => {
                    *committed.entry(block.block.height).or_insert(block.block) != block.block
                }
                Event::Halted { .. } => true,
                _ => false,
            };
            assert!(stage.told().any(conflicts), "{weakness}, {rule:?}");
        }
    }
}

/// Here honest replicas make certificates that are one vote short by themselves; but this one is not
/// theirs.
#[test]
fn a_cluster_whose_quorums_are_one_vote_short_takes_its_certificates_and_hands_them_on() {
    for rule in RULES {
        let mut stage = Stage::weak(rule, Conduct::Forger, Weakness::QuorumMinusOne);
        stage.run(5_000);
        let from_it = |step: &&Step| {
            let kind = MessageKind::NewView;
            step.host != Some(stage.corrupt)
                && matches!(&step.cause, Cause::Delivered { from, kind: of, .. } if *from == stage.corrupt && *of == kind)
        };
        let raised = stage.steps.iter().filter(from_it).flat_map(|step| &step.events);
        let taken: BTreeSet<BlockRef> = raised
            .filter_map(|event| match event {
                Event::HighQcRaised { block } => Some(*block),
                _ => None,
            })
            .collect();
        let made: Vec<&QuorumCertificate> = stage
            .said()
            .filter_map(|sent| match &sent.message {
                Message::NewView(new_view) => Some(&new_view.high_qc),
                _ => None,
            })
            .filter(|qc| taken.contains(&qc.block) && qc.signatures.len() == 2)
            .collect();
        let handed_on = |sent: &&Sent| match &sent.message {
            Message::Proposal(proposal) => made.contains(&proposal.block.justify()),
            _ => false,
        };
        let honest = stage.sent.iter().filter(|sent| sent.from != stage.corrupt);
        assert!(honest.filter(handed_on).count() > 3, "{rule:?}: {taken:?}");
    }
}
