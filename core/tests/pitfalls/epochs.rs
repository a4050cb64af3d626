//! Messages of epochs that a replica does not know.

use crate::support::{Envelope, Table, sign, unknown};
use hotstuff_core::certificate::Vote;
use hotstuff_core::crypto::Domain;
use hotstuff_core::message::MessageKind;
use hotstuff_core::*;

/// A vote that r`from` claims to be of an epoch to come. Its signature cannot be checked.
fn of_epoch(from: u16, epoch: u64) -> Message {
    let block = BlockRef { epoch: Epoch(epoch), ..unknown(50, 50) };
    let signature = sign(from, Domain::Vote, &block);
    Message::Vote(Vote { block, voter: ReplicaId(from), signature })
}

/// Takes the fetch requests off the lanes, by receiver.
fn questions(table: &mut Table) -> Vec<u16> {
    let asked = table.lanes.iter().filter(|one| one.message.kind() == MessageKind::FetchRequest);
    let asked = asked.map(|envelope| envelope.to).collect();
    table.lanes.clear();
    asked
}

#[test]
fn pitfall_28_a_message_of_an_unknown_epoch_earns_its_sender_one_question_in_a_while() {
    let mut table = Table::new(4);
    let (retry, before) = (table.config.fetch_retry_us, table.replica(0).status());
    let mut asked = Vec::new();
    let (rounds, step) = (200, Span(retry.0 / 10));
    for round in 0..rounds {
        table.deliver(Envelope { from: 3, to: 0, message: of_epoch(3, 1 + round % 7) });
        asked.extend(questions(&mut table));
        table.now = table.now + step;
    }
    assert!(asked.iter().all(|to| *to == 3), "nobody else is asked: {asked:?}");
    assert!((2..=rounds as usize / 10).contains(&asked.len()), "at most one each {retry}: {asked:?}");
    let after = table.replica(0).status();
    assert_eq!((after.view, after.high_qc, after.fetching), (before.view, before.high_qc, false));
}

/// One Byzantine peer must not use up the questions that honest ones' messages would lead to: a
/// replica that lags behind a change of the committee can check nothing else that they send.
#[test]
fn pitfall_28_a_flood_from_one_peer_does_not_keep_another_from_being_asked() {
    let mut table = Table::new(4);
    let mut asked = Vec::new();
    for _ in 0..20 {
        for from in [3, 3, 3, 2, 2, 1] {
            table.deliver(Envelope { from, to: 0, message: of_epoch(from, 1) });
        }
        asked.extend(questions(&mut table));
        table.now = table.now + table.config.fetch_retry_us;
    }
    assert!(asked.len() <= 20, "one in a while: {asked:?}");
    assert!(asked[..8].contains(&1), "r1 is asked too, and soon: {asked:?}");
}
