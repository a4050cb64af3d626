//! A corrupt replica that gives its vote to one replica only, which then knows of a QC that the
//! next leader does not: what that may cost.

mod support;

use hotstuff_core::committee::Limits;
use hotstuff_core::event::Event;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::message::MessageKind;
use hotstuff_core::*;
use support::{Envelope, RULES, Table, spec};

/// A quarter of a minute with r2 of four corrupt: `passes` says what leaves it. Returns how many blocks committed,
/// and how many views of honest leaders were lost.
fn some_time(rule: CommitRule, passes: impl Fn(&Envelope) -> bool) -> (u64, usize) {
    let limits = Limits { block_commands: 1, ..Limits::default() };
    let leaders = LeaderRule::RoundRobin;
    let mut table = Table::of(CommitteeSpec { rule, leaders, limits, ..spec(4) }, 0);
    for sequence in 1..=500 {
        table.submit(sequence, &[sequence as u8]);
    }
    while table.now < Time(15_000_000) {
        table.run(|envelope| envelope.from != 2 || passes(envelope));
        table.pass_time();
    }
    let lost = |(id, event): &&(u16, Event)| {
        *id == 0 && matches!(event, Event::TcFormed { view, .. } if view.0 % 4 != 2)
    };
    (table.committed(0).0, table.events.iter().filter(lost).count())
}

fn shown_to_some(envelope: &Envelope) -> bool {
    envelope.message.kind() == MessageKind::Proposal && envelope.to != 3
}

/// r2 leads view 2 and shows its block to r0 and r1; its vote for it goes to r0 alone. So r0 has the QC
/// half-way through the patience, and the leader of view 3, r3, does not.
#[test]
fn a_vote_given_to_one_alone_costs_no_view_of_an_honest_leader() {
    for rule in RULES {
        let silent = some_time(rule, shown_to_some);
        let selective = some_time(rule, |envelope| {
            shown_to_some(envelope)
                || matches!(&envelope.message, Message::Vote(vote)
                    if envelope.to == 0 && vote.block.view.0 % 4 == 2)
        });
        assert_eq!((silent.1, selective.1), (0, 0), "{rule:?}: {silent:?} blocks, {selective:?}");
    }
}
