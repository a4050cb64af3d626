//! Made-up runs, to show that a checker can fail.

mod signed;

pub(super) use signed::Cluster;

use super::{Breach, Checker, Observed, Sent};
use crate::network::Letter;
use crate::step::{Cause, Step};
use hotstuff_core::certificate::{BlockId, BlockRef, QuorumCertificate, Timeout, Vote};
use hotstuff_core::command::CommandId;
use hotstuff_core::crypto::{Digest, PublicKey, Signature};
use hotstuff_core::event::BlockSummary;
use hotstuff_core::{Epoch, Event, Height, Message, ReplicaId, SequenceNumber, Status, Time, View};

/// A block of the branch that `branch` names; its parent is of the same branch.
pub(super) fn block(branch: u8, height: u64) -> BlockRef {
    BlockRef { epoch: Epoch(0), view: View(height), height: Height(height), id: id(branch, height) }
}

/// A block of that branch on `parent`, proposed for `view`.
pub(super) fn child(parent: BlockRef, branch: u8, view: u64) -> BlockSummary {
    let height = parent.height.next();
    BlockSummary {
        block: BlockRef { epoch: Epoch(0), view: View(view), height, id: id(branch, height.0) },
        parent: parent.id,
        justify_view: parent.view,
        proposer: ReplicaId(0),
        state_root: Digest::default(),
        commands: 0,
    }
}

pub(super) fn committed(branch: u8, height: u64, state_root: u8) -> Event {
    let block = child(block(branch, height - 1), branch, height);
    commit_with(block, state_root)
}

pub(super) fn commit_of(block: &BlockSummary) -> Event {
    commit_with(block.clone(), 0)
}

pub(super) fn started(head: BlockRef, last_voted: u64) -> Event {
    Event::Started { head, last_voted: View(last_voted) }
}

fn commit_with(block: BlockSummary, state_root: u8) -> Event {
    Event::Committed { block, state_root: Digest([state_root; 32]) }
}

/// The command of that number of a made-up client.
pub(super) fn command(client: u8, sequence: u64) -> CommandId {
    CommandId { client: PublicKey([client; 32]), sequence: SequenceNumber(sequence) }
}

pub(super) fn executed(command: CommandId, height: u64) -> Event {
    Event::Executed { command, height: Height(height) }
}

pub(super) fn vote(replica: u16, block: BlockRef) -> Message {
    Message::Vote(signed_vote(replica, block))
}

pub(super) fn timeout(replica: u16, view: u64, last_vote: Option<BlockRef>) -> Message {
    Message::Timeout(Timeout {
        epoch: Epoch(0),
        view: View(view),
        high_qc: QuorumCertificate { block: block(0, 0), signatures: Vec::new() },
        last_vote: last_vote.map(|block| signed_vote(replica, block)),
        replica: ReplicaId(replica),
        signature: Signature([0; 64]),
    })
}

/// Lets `replica` go through a step with these events.
pub(super) fn tell(checker: &mut dyn Checker, replica: u16, events: Vec<Event>) -> Result<(), Breach> {
    run(checker, replica, events, &[], None)
}

/// Lets `replica` go through a step in which it sends these messages.
pub(super) fn send(checker: &mut dyn Checker, replica: u16, messages: Vec<Message>) -> Result<(), Breach> {
    let sent: Vec<Sent> = messages.into_iter().map(Letter::new).collect();
    run(checker, replica, Vec::new(), &sent, None)
}

/// Lets a message arrive at `replica`, with these events.
pub(super) fn receive(
    checker: &mut dyn Checker,
    replica: u16,
    message: Message,
    events: Vec<Event>,
) -> Result<(), Breach> {
    let step = step(replica, events);
    let letter = Letter::new(message);
    checker.check(&Observed { received: Some(&letter), ..Observed::of(&step) })
}

/// Lets `replica` show its committed head and state root.
pub(super) fn show(checker: &mut dyn Checker, replica: u16, head: BlockRef, root: u8) -> Result<(), Breach> {
    let status = status(replica, head, root);
    run(checker, replica, Vec::new(), &[], Some(&status))
}

fn run(
    checker: &mut dyn Checker,
    replica: u16,
    events: Vec<Event>,
    sent: &[Sent],
    status: Option<&Status>,
) -> Result<(), Breach> {
    let step = step(replica, events);
    checker.check(&Observed { sent, status, ..Observed::of(&step) })
}

/// The status of a replica with that head, lock and state root.
pub(super) fn status(replica: u16, head: BlockRef, root: u8) -> Status {
    Status {
        id: ReplicaId(replica),
        view: View(9),
        leader: ReplicaId(0),
        next_leader: ReplicaId(1),
        epoch: Epoch(0),
        member: true,
        committed_head: head,
        state_root: Digest([root; 32]),
        high_qc: head,
        lock: head,
        last_voted: View(9),
        timeout_exponent: 0,
        mempool: 0,
        fetching: false,
        halted: false,
    }
}

pub(super) fn step(replica: u16, events: Vec<Event>) -> Step {
    let host = Some(ReplicaId(replica).into());
    Step { index: 0, time: Time(0), host, cause: Cause::Timer, events, results: Vec::new() }
}

fn signed_vote(replica: u16, block: BlockRef) -> Vote {
    Vote { block, voter: ReplicaId(replica), signature: Signature([0; 64]) }
}

fn id(branch: u8, height: u64) -> BlockId {
    let mut bytes = [branch; 32];
    bytes[..8].copy_from_slice(&height.to_le_bytes());
    Digest(bytes)
}
