//! How many messages a view takes, as the number of replicas grows.

use crate::support::{Envelope, RULES, Table, spec};
use hotstuff_core::message::MessageKind;
use hotstuff_core::*;
use std::collections::BTreeMap;

fn table(rule: CommitRule, count: u16) -> Table {
    Table::of(CommitteeSpec { rule, ..spec(count) }, 0)
}

fn kinds(envelopes: &[Envelope]) -> BTreeMap<MessageKind, u64> {
    let mut counts = BTreeMap::new();
    for envelope in envelopes {
        *counts.entry(envelope.message.kind()).or_default() += 1;
    }
    counts
}

/// HotStuff, sections 1 and 4.4: a view of an honest leader takes O(n) messages. Chained, it is one
/// proposal to each other replica and one vote from each: 2(n−1). (The paper counts authenticators,
/// and has one for a certificate by threshold signatures; here a certificate lists n−f.)
#[test]
fn hotstuff_a_fault_free_view_takes_2_times_n_minus_1_messages() {
    for rule in RULES {
        for count in [4, 7, 10, 13] {
            let mut table = table(rule, count);
            table.submit(1, b"x");
            // Messages of one view are on their way together: proposals and the leader's own vote,
            // then the others' votes.
            let mut sent: Vec<Envelope> = table.lanes.iter().cloned().collect();
            table.hop(|_| true);
            sent.extend(table.lanes.iter().cloned());
            let others = u64::from(count) - 1;
            let expected = BTreeMap::from([(MessageKind::Proposal, others), (MessageKind::Vote, others)]);
            assert_eq!(kinds(&sent), expected, "{rule:?}, n = {count}");
        }
    }
}

/// Jolteon, section 1: the view change is quadratic. Everyone tells everyone that it
/// gives up, and who forms the TC sends it to the next leader. n−1 replicas are up. A timeout that
/// comes when the TC has formed already is answered with it: that is one more message to each of
/// those beyond the quorum, from everyone, at most f·n.
#[test]
fn jolteon_a_view_change_takes_a_quadratic_number_of_messages() {
    for rule in RULES {
        for count in [4, 7, 10, 13] {
            let mut table = table(rule, count);
            table.crash(1);
            table.submit(1, b"x");
            table.pass_time();
            table.pass_time();
            let mut sent: Vec<Envelope> = table.lanes.iter().cloned().collect();
            table.hop(|_| true);
            sent.extend(table.lanes.iter().cloned());
            let (up, n) = (u64::from(count) - 1, u64::from(count));
            let counts = kinds(&sent);
            assert_eq!(counts[&MessageKind::Timeout], up * (n - 1), "{rule:?}, n = {count}");
            let late = up - table.committee.quorum().0;
            assert_eq!(counts[&MessageKind::NewView], up - 1 + up * late, "{rule:?}, n = {count}");
        }
    }
}
