//! Two signatures of one replica where there must be one.

use crate::support::hostile::altered;
use crate::support::{Envelope, Table, committees, is_kind, vote};
use expect_test::expect_file;
use hotstuff_core::message::{MessageKind, Proposal};
use hotstuff_core::*;

/// r1's block of view 1, and another that it signs for the same view.
fn two_blocks(table: &mut Table) -> (Block, Block) {
    table.submit(1, b"x");
    let Message::Proposal(Proposal { block, .. }) = table.lanes[0].message.clone() else {
        panic!("r1 proposes")
    };
    let empty = hotstuff_core::command::Payload::default();
    let other = altered(&block, |header| header.payload_digest = empty.digest());
    let other = wire::decode(&wire::encode(&(other.header(), other.signature(), empty))).unwrap();
    (block, other)
}

#[test]
fn two_proposals() {
    let mut table = Table::new(4);
    table.watch(&[0, 2, 3]);
    table.say(
        "r1 leads view 1 and is Byzantine: r0 and r2 get a block with the command, r3 gets another, \
         empty one. Both are properly signed.",
    );
    let (first, second) = two_blocks(&mut table);
    table.lanes.clear();
    let to = |to, block: &Block| {
        let proposal = Proposal { block: block.clone(), tc: None };
        Envelope { from: 1, to, message: Message::Proposal(proposal) }
    };
    for (id, block) in [(0, &first), (2, &first), (3, &second)] {
        table.deliver(to(id, block));
    }
    table.say(
        "Then the blocks cross over. A view's second block earns no vote, whatever it holds. The two \
         signatures together are evidence, which anyone can check who knows the committee.",
    );
    for (id, block) in [(0, &second), (3, &first)] {
        table.deliver(to(id, block));
    }
    for id in [0, 3] {
        let evidence = table.evidence(id);
        assert_eq!(evidence.len(), 1);
        assert_eq!(verify::evidence(&committees(4), &evidence[0]), Ok(ReplicaId(1)));
    }
    table.say(
        "r1 votes for the first block too, so with r0 and r2 it has a quorum. The QC decides between the \
         blocks; r3 follows it, though it voted for the other. Two QCs for view 1 there cannot be: \
         an honest replica would have signed both.",
    );
    table.crash(1);
    table.deliver(Envelope { from: 1, to: 2, message: Message::Vote(vote(1, first.reference())) });
    table.hop(|envelope| envelope.to == 2);
    table.run_until_applied(&[0, 2, 3], 1, |_| true);
    expect_file!["../scripts/equivocation/two_proposals.txt"].assert_eq(&table.script);
}

#[test]
fn two_votes() {
    let mut table = Table::new(4);
    table.watch(&[2]);
    table.say("r2, which collects the votes of view 1, is shown. r3 is Byzantine and votes for two blocks.");
    let (first, second) = two_blocks(&mut table);
    table.hop(|envelope| is_kind(MessageKind::Proposal)(envelope) && envelope.to != 3);
    let votes = std::mem::take(&mut table.lanes);
    for block in [&first, &second, &first] {
        table.deliver(Envelope { from: 3, to: 2, message: Message::Vote(vote(3, block.reference())) });
    }
    table.say(
        "The first vote counts, with r2's own. The second is evidence, and changes nothing: neither \
         does it count for the other block, nor does it spoil the first. One more vote makes the QC.",
    );
    table.lanes = votes;
    table.hop(|envelope| envelope.to == 2 && envelope.from == 0);
    let evidence = table.evidence(2);
    assert_eq!(verify::evidence(&committees(4), &evidence[0]), Ok(ReplicaId(3)));
    expect_file!["../scripts/equivocation/two_votes.txt"].assert_eq(&table.script);
}
