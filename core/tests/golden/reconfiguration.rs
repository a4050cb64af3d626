//! Committees that change: commands of the operator, in the same chain as all others.

use crate::support::{Table, command, secret, spec, without};
use expect_test::expect_file;
use hotstuff_core::change::{ChangeRefused, decode_result};
use hotstuff_core::command::Outcome;
use hotstuff_core::committee::Member;
use hotstuff_core::event::Event;
use hotstuff_core::*;

fn member(id: u16, power: u64) -> Member {
    Member { id: ReplicaId(id), key: secret(id).public(), power: Power(power) }
}

/// What the replicas told the operator about the change with this sequence number: all the same.
fn answer(table: &Table, sequence: u64) -> Result<Epoch, ChangeRefused> {
    let outcomes = table.outcomes(sequence);
    assert!(outcomes.windows(2).all(|pair| pair[0].1 == pair[1].1), "{outcomes:?}");
    match &outcomes[0].1 {
        Outcome::Executed { result, .. } => decode_result(result).expect("an answer to a change"),
        other => panic!("{other:?}"),
    }
}

fn answers(table: &Table, sequences: std::ops::Range<u64>) -> String {
    let told = |sequence| match answer(table, sequence) {
        Ok(epoch) => format!("#{sequence} made {epoch}"),
        Err(why) => format!("#{sequence}: {why}"),
    };
    sequences.map(told).collect::<Vec<_>>().join("; ")
}

#[test]
fn add() {
    let mut table = Table::of(spec(4), 1);
    table.watch(&[0, 4]);
    table.crash(4);
    table.say(
        "r0 and r4 are shown. r4 is not there yet. The operator's command to add it executes like any \
         other, in the block at height 1, which commits by the QC for b3.",
    );
    table.submit(1, CommitteeChange::Add(member(4, 1)));
    table.run_all();
    table.say(
        "The new committee certifies every block whose parent's header names a state with the change. \
         That is first so for the block above b4, as b4's justify commits b1. Until then votes of the \
         four count, and from then on a quorum is 4 of 5.",
    );
    table.submit(2, b"x");
    table.run_all();
    assert_eq!(answer(&table, 1), Ok(Epoch(1)));
    table.say(
        "r4 starts, with nothing but the committee that the cluster began with. It cannot check a \
         message of an epoch it does not know. So it takes the message as a hint, and asks its sender \
         for whatever there is. What it gets is signed by the committee that it knows, up to the \
         change; then it knows the next.",
    );
    table.quietly(|table| table.start(4));
    table.submit(3, b"y");
    table.run_until_applied(&[0, 4], 2, |_| true);
    table.watch(&[4]);
    table.say(
        "r4 alone is shown. It is a member now: it leads, votes and collects. The others need it as soon \
         as one of the five fails, say r1.",
    );
    table.crash(1);
    table.submit(4, b"z");
    table.run_until_applied(&[0, 4], 3, |_| true);
    assert!(table.replica(4).status().member);
    assert_eq!(table.applied(4), table.applied(0));
    expect_file!["../scripts/reconfiguration/add.txt"].assert_eq(&table.script);
}

#[test]
fn remove() {
    let mut table = Table::of(spec(5), 0);
    table.watch(&[0, 4]);
    table.say("r0 and r4 are shown. Five replicas; the operator removes r4.");
    table.submit(1, CommitteeChange::Remove(ReplicaId(4)));
    table.run_all();
    assert_eq!(answer(&table, 1), Ok(Epoch(1)));
    table.say(
        "r4 still hears everything, checks it, executes it, and refuses to vote. Leaders are the four \
         others: view v is led by member v mod 4.",
    );
    table.submit(2, b"x");
    table.run_all();
    table.crash(1);
    table.say("Quorums are of four again, so one of the four may fail, and r4 is not missed.");
    table.submit(3, b"y");
    table.run_until_applied(&[0], 2, without(4));
    let voted = |event: &Event| matches!(event, Event::Voted { block, .. } if block.epoch == Epoch(1));
    assert!(!table.has_event(4, voted), "r4 no longer votes");
    expect_file!["../scripts/reconfiguration/remove.txt"].assert_eq(&table.script);
}

#[test]
fn power() {
    let mut table = Table::new(4);
    table.watch(&[0]);
    table.say("r0 is shown. The operator doubles r0's power: 5 in all, of which f = 1, and a quorum is 4.");
    let double = CommitteeChange::SetPower { replica: ReplicaId(0), power: Power(2) };
    table.submit(1, double);
    table.run_all();
    table.say(
        "r0 and two others make a quorum of power 4: the QCs below are of three replicas. Without r0 the \
         other three have power 3, which is none.",
    );
    table.submit(2, b"x");
    table.run_all();
    assert_eq!(answer(&table, 1), Ok(Epoch(1)));
    table.crash(0);
    table.submit(3, b"y");
    table.quietly(|table| table.run_until(table.now + Span::millis(20_000), |_| true));
    assert_eq!(table.applied(1).len(), 1, "without r0 there is no quorum");
    expect_file!["../scripts/reconfiguration/power.txt"].assert_eq(&table.script);
}

#[test]
fn refused() {
    let mut table = Table::new(4);
    table.watch(&[0]);
    table.say(
        "r0 is shown. Changes that are refused are commands all the same: they commit, execute, and \
         change nothing. Every replica gives the same answer. First: r0 is a member already; r7 is \
         none; and power 100 at once for r3 would let quorums before and after share no honest \
         replica.",
    );
    let too_much = CommitteeChange::SetPower { replica: ReplicaId(3), power: Power(100) };
    table.submit(1, CommitteeChange::Add(member(0, 1)));
    table.submit(2, CommitteeChange::Remove(ReplicaId(7)));
    table.submit(3, too_much);
    table.run_all();
    assert_eq!(answer(&table, 1), Err(ChangeRefused::IsMember(ReplicaId(0))));
    assert_eq!(answer(&table, 2), Err(ChangeRefused::NoMember(ReplicaId(7))));
    assert_eq!(answer(&table, 3), Err(ChangeRefused::TooMuch));
    table.say(&format!("The answers: {}.", answers(&table, 1..4)));
    table.say(
        "Two changes, one directly after the other: the first is made, the second refused, as the first \
         is not in force yet. One at a time, so that neighbouring quorums always share an honest \
         replica.",
    );
    table.submit(4, CommitteeChange::SetPower { replica: ReplicaId(0), power: Power(2) });
    table.submit(5, CommitteeChange::Remove(ReplicaId(3)));
    table.run_all();
    assert_eq!((answer(&table, 4), answer(&table, 5)), (Ok(Epoch(1)), Err(ChangeRefused::Pending)));
    table.say(&format!("The answers: {}.", answers(&table, 4..6)));
    table.say("A change by somebody who is not the operator.");
    let stranger = crypto::SecretKey::from_seed([77; 32]);
    let mut foreign = command(6, CommitteeChange::Remove(ReplicaId(3)));
    let cluster = *table.committee.cluster();
    foreign =
        hotstuff_core::command::Command::signed(&stranger, &cluster, SequenceNumber(6), foreign.operation);
    for id in 0..4 {
        let verified = verify::command(&table.committee, foreign.clone()).unwrap();
        table.input(id, Input::Command(verified));
    }
    table.run_all();
    table.say(&format!("The answer: {}.", answers(&table, 6..7)));
    assert_eq!(answer(&table, 6), Err(ChangeRefused::NotOperator));
    assert_eq!(table.replica(0).status().epoch, Epoch(1));
    expect_file!["../scripts/reconfiguration/refused.txt"].assert_eq(&table.script);
}
