//! Missing blocks.

use crate::support::{Envelope, Table, is_kind, without};
use expect_test::expect_file;
use hotstuff_core::message::{FetchResponse, MessageKind};
use hotstuff_core::*;

/// A command commits while r3 hears nothing.
fn ahead_of_r3() -> Table {
    let mut table = Table::new(4);
    table.quietly(|table| {
        table.submit_to(1, b"x", |id| [0, 1, 2].contains(&id));
        table.run_until_applied(&[0, 1, 2], 1, without(3));
    });
    table
}

#[test]
fn catch_up() {
    let mut table = ahead_of_r3();
    table.watch(&[0, 3]);
    table.say(
        "r0 and r3 are shown. A command has committed while r3 heard nothing. Now the others' \
         messages reach it again, with QCs for blocks that it does not have.",
    );
    table.submit(2, b"y");
    table.run_until_applied(&[3], 1, |_| true);
    table.say(
        "One answer was enough. Each block in it carries the certificate of the one before, so r3 \
         checked, locked and committed as it read, exactly as with proposals.",
    );
    table.run_until_applied(&[0, 1, 2, 3], 2, |_| true);
    assert_eq!(table.applied(3), table.applied(0));
    expect_file!["../scripts/sync/catch_up.txt"].assert_eq(&table.script);
}

#[test]
fn rubbish() {
    let mut table = ahead_of_r3();
    table.watch(&[3]);
    table.say("r3 is shown. It has missed some views, and hears of a QC for a block it does not have.");
    table.submit_to(2, b"y", |id| [0, 1, 2].contains(&id));
    while !table.lanes.iter().any(|one| is_kind(MessageKind::FetchRequest)(one)) {
        table.run(|envelope| !is_kind(MessageKind::FetchRequest)(envelope));
        table.pass_time();
    }
    let request = table.lanes.iter().find(|one| is_kind(MessageKind::FetchRequest)(one)).unwrap().clone();
    let Message::FetchRequest(asked) = request.message else { unreachable!() };
    table.lanes.clear();
    table.say(
        "The peer it asked first answers with nothing. It is set aside, and after the wait the next one \
         is asked.",
    );
    let target = asked.target.map(|target| target.id);
    let empty = FetchResponse { target, blocks: Vec::new(), certificate: None };
    table.deliver(Envelope { from: request.to, to: 3, message: Message::FetchResponse(empty) });
    table.pass_time();
    let second = table.lanes.pop_front().expect("another question");
    table.lanes.clear();
    assert_ne!(second.to, request.to);
    table.say(
        "That one sends blocks of its own making, properly signed, which anyone who ever led can do. \
         But no quorum certified them: refused, and set aside as well.",
    );
    let forged = crate::support::hostile::altered(&block_of(&table, second.to), |header| {
        header.state_root = header.payload_digest;
    });
    let lie = FetchResponse { target, blocks: vec![forged], certificate: None };
    table.deliver(Envelope { from: second.to, to: 3, message: Message::FetchResponse(lie) });
    table.say("The third is honest.");
    table.run_until_applied(&[3], 1, |_| true);
    expect_file!["../scripts/sync/rubbish.txt"].assert_eq(&table.script);
}

/// A block that `id` has proposed.
fn block_of(table: &Table, id: u16) -> Block {
    let blocks = table.disks[usize::from(id)].iter().filter_map(|record| match record {
        Record::Block(block) => Some(block.clone()),
        _ => None,
    });
    blocks
        .filter(|block| block.header().proposer == ReplicaId(id))
        .min_by_key(Block::view)
        .expect("it has led")
}
