//! False certificates, before those who refuse them and before those who do not.

use super::*;
use crate::byzantine::stage::Stage;
use crate::checkers::Breach;
use crate::weakness::Weakness;
use hotstuff_core::message::MessageKind;
use hotstuff_core::{CommitRule, Event, Refusal};
use std::collections::BTreeSet;

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

/// Whoever believes one of its certificates builds on it, and hands it on.
#[test]
fn a_cluster_that_believes_it_hands_its_certificates_on() {
    for weakness in [Weakness::CountDuplicateSigners, Weakness::AcceptUnverified] {
        for rule in RULES {
            let mut stage = Stage::weak(rule, Conduct::Forger, weakness);
            stage.run(5_000);
            let breach = stage.sim.violation().map(|violation| &violation.breach);
            assert!(matches!(breach, Some(Breach::Certificate { .. })), "{weakness}, {rule:?}: {breach:?}");
        }
    }
}
