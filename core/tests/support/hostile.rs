//! Hostile messages: how tests make them, and what refusing one means.

use super::{Envelope, Table, sign};
use hotstuff_core::block::{Block, Header};
use hotstuff_core::certificate::{QuorumCertificate, Timeout, Vote};
use hotstuff_core::crypto::Domain;
use hotstuff_core::event::Event;
use hotstuff_core::*;

/// A cluster in which r1 has proposed in view 1 and nothing has been delivered.
pub fn proposed() -> (Table, Block) {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    let block = table
        .lanes
        .iter()
        .find_map(|envelope| match &envelope.message {
            Message::Proposal(proposal) => Some(proposal.block.clone()),
            _ => None,
        })
        .expect("r1 leads view 1 and has a command");
    (table, block)
}

pub fn refusal(table: &Table, id: u16) -> Option<Refusal> {
    table.events.iter().rev().find_map(|(replica, event)| match event {
        Event::MessageRefused { why, .. } | Event::VoteRefused { why, .. } if *replica == id => {
            Some(why.clone())
        }
        _ => None,
    })
}

/// Delivers `message` to r0 and expects it to be refused without any change.
pub fn refused(table: &mut Table, from: u16, message: Message) -> Refusal {
    let before = table.replica(0).status();
    let (records, messages) = (table.disks[0].len(), table.lanes.len());
    table.deliver(Envelope { from, to: 0, message });
    assert_eq!(table.replica(0).status(), before, "a refused message changes nothing");
    assert_eq!(
        (table.disks[0].len(), table.lanes.len()),
        (records, messages),
        "nor does it lead to anything"
    );
    refusal(table, 0).expect("the refusal is an event")
}

/// `block` with another header, signed by the replica that it names as its proposer.
pub fn altered(block: &Block, change: impl FnOnce(&mut Header)) -> Block {
    let mut header = block.header().clone();
    change(&mut header);
    let signature = sign(header.proposer.0, Domain::Proposal, &(header.view, header.id()));
    wire::decode(&wire::encode(&(header, signature, block.payload().clone()))).unwrap()
}

/// A timeout by `id`, with whatever high QC and last vote it likes to show.
pub fn timeout(id: u16, view: u64, high_qc: QuorumCertificate, last_vote: Option<Vote>) -> Message {
    let (epoch, view) = (Epoch(0), View(view));
    let signature = sign(id, Domain::Timeout, &(epoch, view, high_qc.view()));
    Message::Timeout(Timeout { epoch, view, high_qc, last_vote, replica: ReplicaId(id), signature })
}
