//! From received to believed: pure checks that make [`Verified`] values.
//!
//! Who leads a view and which epoch is in force depend on the state, and are checked by the replica.
//!
//! Counts and orders are checked before any cryptography, so a hostile message costs little
//! (pitfall 27). The functions read nothing but their arguments: a driver may run them on other
//! threads, and in batches.

use crate::block::{Block, Header, SignedHeader};
use crate::certificate::{BlockId, QuorumCertificate, Timeout, TimeoutCertificate, Vote};
use crate::command::{Command, NotAdmitted, Replies};
use crate::committee::{Committee, MEMBERS_MAX};
use crate::committees::Committees;
use crate::config::FETCH_BLOCKS_MAX;
use crate::crypto::{self, Batch, Domain, Signature, VerifyingKey};
use crate::evidence::Evidence;
use crate::ids::{Power, ReplicaId, View};
use crate::message::{FetchResponse, Message, NewView, Proposal};
use crate::refusal::Refusal;
use crate::snapshot::{Handover, Snapshot};
use core::ops::Deref;

/// A value whose signatures, certificates and shape have been checked against a committee. Made
/// only by the functions of this module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// The value, which from here on is on its own.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// Checks a message between replicas. `committees` are those of [`crate::Replica::committees`], as
/// of now or some time ago.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn message(committees: &Committees, message: Message) -> Result<Verified<Message>, Refusal> {
    match &message {
        Message::Proposal(inner) => proposal(committees, inner)?,
        Message::Vote(inner) => vote(committees, inner)?,
        Message::Timeout(inner) => timeout(committees, inner)?,
        Message::NewView(inner) => new_view(committees, inner)?,
        Message::FetchRequest(inner) => in_range(inner.target.map_or(View::GENESIS, |target| target.view))?,
        Message::FetchResponse(inner) => fetch_response(committees, inner)?,
        // What a snapshot says can be checked when it is whole.
        Message::SnapshotRequest(_) | Message::SnapshotChunk(_) => {}
    }
    Ok(Verified(message))
}

/// Checks a client's command.
///
/// # Errors
/// Why it is not admitted; [`NotAdmitted::BadSignature`] or [`NotAdmitted::TooLarge`].
pub fn command(committee: &Committee, command: Command) -> Result<Verified<Command>, NotAdmitted> {
    check_command(committee, &command)?;
    Ok(Verified(command))
}

/// Strict, and not as a batch of one: what is admitted must pass in every leader's batch too.
fn check_command(committee: &Committee, command: &Command) -> Result<(), NotAdmitted> {
    let key = command_key(committee, command)?;
    let signed = (&command.id, &command.operation);
    if crypto::verify(&key, Domain::Command, committee.cluster(), &signed, &command.signature) {
        Ok(())
    } else {
        Err(NotAdmitted::BadSignature)
    }
}

/// Checks a replica's replies to a client.
///
/// # Errors
/// When the replica is a stranger or its signature is not valid.
pub fn replies(committee: &Committee, replies: Replies) -> Result<Verified<Replies>, Refusal> {
    let signed = (&replies.client, &replies.outcomes, replies.replica);
    let key = committee.key(replies.replica).ok_or(Refusal::Stranger(replies.replica))?;
    if crypto::verify(key, Domain::Reply, committee.cluster(), &signed, &replies.signature) {
        Ok(Verified(replies))
    } else {
        Err(Refusal::BadSignature(replies.replica))
    }
}

/// Checks a quorum certificate.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn qc(committees: &Committees, qc: &QuorumCertificate) -> Result<(), Refusal> {
    in_range(qc.view())?;
    if qc.view() == View::GENESIS {
        let is_genesis = qc == committees.newest().genesis_qc();
        return if is_genesis { Ok(()) } else { Err(Refusal::NotGenesis) };
    }
    let committee = committees.at(qc.block.epoch)?;
    quorum(committee, qc.view(), qc.signers())?;
    let mut batch = Batch::default();
    for (signer, signature) in &qc.signatures {
        let key = committee.key(*signer).ok_or(Refusal::Stranger(*signer))?;
        batch.add(key, Domain::Vote, committee.cluster(), &qc.block, signature);
    }
    if committee.rules().certifies(&batch) { Ok(()) } else { Err(Refusal::BadCertificate(qc.view())) }
}

/// Checks a timeout certificate and the high QC in it.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn tc(committees: &Committees, tc: &TimeoutCertificate) -> Result<(), Refusal> {
    in_range(tc.view)?;
    let committee = committees.at(tc.epoch)?;
    quorum(committee, tc.view, tc.signers())?;
    let highest = tc.signatures.iter().map(|part| part.high_qc_view).max();
    if highest != Some(tc.high_qc.view()) || tc.high_qc.view() > tc.view {
        return Err(Refusal::HighQcMismatch { view: tc.view, high_qc: tc.high_qc.view() });
    }
    qc(committees, &tc.high_qc)?;
    let mut batch = Batch::default();
    for part in &tc.signatures {
        let key = committee.key(part.replica).ok_or(Refusal::Stranger(part.replica))?;
        let signed = (tc.epoch, tc.view, part.high_qc_view);
        batch.add(key, Domain::Timeout, committee.cluster(), &signed, &part.signature);
    }
    if committee.rules().certifies(&batch) { Ok(()) } else { Err(Refusal::BadCertificate(tc.view)) }
}

/// Checks a block on its own: header, signature, justify and payload. What only the state can
/// tell (parent, leader, epoch, lock, state root) is left to the replica.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn block(committees: &Committees, block: &Block) -> Result<(), Refusal> {
    let header = block.header();
    let (view, justify) = (header.view, header.justify.view());
    in_range(view)?;
    Committees::check_order(header)?;
    let committee = committees.at(header.epoch)?;
    if justify >= view {
        return Err(Refusal::ViewOrder { view, justify });
    }
    let parent = header.justify.block.height;
    if header.height != parent.next() {
        return Err(Refusal::HeightOrder { height: header.height, parent });
    }
    let (commands, bytes) = (block.payload().commands.len() as u64, block.payload().operation_bytes());
    let limits = committee.limits();
    if commands > u64::from(limits.block_commands) || bytes > u64::from(limits.block_bytes) {
        return Err(Refusal::PayloadTooLarge { commands, bytes });
    }
    if block.payload().digest() != header.payload_digest {
        return Err(Refusal::PayloadMismatch);
    }
    proposed(committee, header, block.id(), block.signature())?;
    qc(committees, &header.justify)?;
    payload(committee, block)
}

/// Checks the proposer's signature on a header, whose id is `id`.
fn proposed(
    committee: &Committee,
    header: &Header,
    id: BlockId,
    signature: &Signature,
) -> Result<(), Refusal> {
    let proposer = header.proposer;
    let key = committee.key(proposer).ok_or(Refusal::Stranger(proposer))?;
    let content = (header.view, id);
    if crypto::verify(key, Domain::Proposal, committee.cluster(), &content, signature) {
        Ok(())
    } else {
        Err(Refusal::BadSignature(proposer))
    }
}

/// Checks what proves a snapshot: the chain of its blocks, which commits the first, the handovers
/// of committees unknown here, and the certificate of the last block. The state is for the replica to
/// check. Returns the committees that count at its height.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn snapshot(committees: &Committees, snapshot: &Snapshot) -> Result<Committees, Refusal> {
    let governed = committees.newest().governed();
    let depth = governed.commit_depth();
    if snapshot.blocks.len() != depth + 2 || snapshot.handovers.len() > HANDOVERS_MAX {
        return Err(Refusal::BadSnapshot);
    }
    let below = snapshot.base().height().0.saturating_sub(1).min(depth as u64);
    let chain = || snapshot.ancestors.iter().chain(&snapshot.blocks);
    let certificates = chain().skip(1).map(Block::justify).chain([&snapshot.certificate]);
    let is_chain = snapshot.ancestors.len() as u64 == below
        && chain().zip(certificates).all(|(block, qc)| qc.block == block.reference());
    let consecutive = snapshot
        .blocks
        .windows(2)
        .take(depth)
        .all(|pair| governed.rules.is_link(pair[1].view(), pair[0].view()));
    let is_whole = |block: &Block| block.payload().digest() == block.header().payload_digest;
    if !is_chain || !consecutive || !chain().all(is_whole) {
        return Err(Refusal::BadSnapshot);
    }
    let mut known = committees.clone();
    for proof in &snapshot.handovers {
        if proof.header.epoch >= known.newest().epoch() {
            known = handover(&known, proof)?;
        }
    }
    qc(&known, &snapshot.certificate)?;
    // The ids, and so the certificate, do not cover the signatures of the blocks that are kept.
    snapshot.blocks.iter().skip(1).try_for_each(|one| block(&known, one))?;
    Ok(known)
}

/// The most changes of the committee that a snapshot may prove.
pub const HANDOVERS_MAX: usize = 1 << 16;

/// Checks that the state with the next committee is the one that a certified header names, and
/// returns the committees with that one.
pub(crate) fn handover(committees: &Committees, handover: &Handover) -> Result<Committees, Refusal> {
    let Handover { header, certificate, state } = handover;
    if certificate.block.id != header.id() {
        return Err(Refusal::BadSnapshot);
    }
    qc(committees, certificate)?;
    let (next, root) = state.newest_committee(committees.newest()).ok_or(Refusal::BadSnapshot)?;
    if root != header.state_root || next.epoch() != committees.newest().epoch().next() {
        return Err(Refusal::BadSnapshot);
    }
    Ok(committees.followed_by(next))
}

/// Checks evidence of equivocation, and returns who is guilty.
///
/// # Errors
/// When a signature is not valid, or the two do not contradict each other.
pub fn evidence(committees: &Committees, evidence: &Evidence) -> Result<ReplicaId, Refusal> {
    let (first, second) = evidence.blocks();
    let signers = match evidence {
        Evidence::Proposals { first, second } => (first.header.proposer, second.header.proposer),
        Evidence::Votes { first, second } => (first.voter, second.voter),
    };
    if signers.0 != signers.1 || first.view != second.view || first == second {
        return Err(Refusal::NoEvidence);
    }
    match evidence {
        Evidence::Proposals { first, second } => {
            for SignedHeader { header, signature } in [first, second] {
                proposed(committees.at(header.epoch)?, header, header.id(), signature)?;
            }
        }
        Evidence::Votes { first, second } => {
            vote(committees, first)?;
            vote(committees, second)?;
        }
    }
    Ok(signers.0)
}

fn payload(committee: &Committee, block: &Block) -> Result<(), Refusal> {
    let mut batch = Batch::default();
    for command in &block.payload().commands {
        let refused = |why| Refusal::BadCommand(command.id, why);
        let key = command_key(committee, command).map_err(refused)?;
        let signed = (&command.id, &command.operation);
        batch.add(&key, Domain::Command, committee.cluster(), &signed, &command.signature);
    }
    if batch.verify() {
        return Ok(());
    }
    let commands = &block.payload().commands;
    let bad = commands.iter().find_map(|one| check_command(committee, one).err().map(|why| (one.id, why)));
    let (id, why) = bad.expect("a batch fails only where one of its signatures does");
    Err(Refusal::BadCommand(id, why))
}

fn command_key(committee: &Committee, command: &Command) -> Result<VerifyingKey, NotAdmitted> {
    if command.operation.size() > u64::from(committee.limits().command_bytes) {
        return Err(NotAdmitted::TooLarge);
    }
    committee.client_key(&command.id.client).ok_or(NotAdmitted::BadSignature)
}

fn proposal(committees: &Committees, proposal: &Proposal) -> Result<(), Refusal> {
    let (view, justify) = (proposal.block.view(), proposal.block.justify().view());
    let follows = match &proposal.tc {
        None => view.follows(justify),
        Some(tc) => view.follows(tc.view),
    };
    if !follows {
        return Err(Refusal::ViewNotJustified { view, justify });
    }
    if let Some(inner) = &proposal.tc {
        let (epoch, parent) = (inner.epoch, proposal.block.epoch());
        if epoch != parent {
            return Err(Refusal::EpochOrder { epoch, parent });
        }
        tc(committees, inner)?;
    }
    block(committees, &proposal.block)
}

fn vote(committees: &Committees, vote: &Vote) -> Result<(), Refusal> {
    in_range(vote.block.view)?;
    let committee = committees.at(vote.block.epoch)?;
    let key = committee.key(vote.voter).ok_or(Refusal::Stranger(vote.voter))?;
    if vote.block.view == View::GENESIS
        || !crypto::verify(key, Domain::Vote, committee.cluster(), &vote.block, &vote.signature)
    {
        return Err(Refusal::BadSignature(vote.voter));
    }
    Ok(())
}

fn timeout(committees: &Committees, timeout: &Timeout) -> Result<(), Refusal> {
    in_range(timeout.view)?;
    let committee = committees.at(timeout.epoch)?;
    let high_qc = timeout.high_qc.view();
    if high_qc > timeout.view {
        return Err(Refusal::HighQcMismatch { view: timeout.view, high_qc });
    }
    let key = committee.key(timeout.replica).ok_or(Refusal::Stranger(timeout.replica))?;
    let signed = (timeout.epoch, timeout.view, high_qc);
    if !crypto::verify(key, Domain::Timeout, committee.cluster(), &signed, &timeout.signature) {
        return Err(Refusal::BadSignature(timeout.replica));
    }
    if let Some(last_vote) = &timeout.last_vote {
        if last_vote.voter != timeout.replica {
            return Err(Refusal::BadSignature(timeout.replica));
        }
        match vote(committees, last_vote) {
            // A vote for a block long committed says nothing new; the timeout counts without it.
            Ok(()) | Err(Refusal::OldEpoch { .. }) => {}
            Err(why) => return Err(why),
        }
    }
    qc(committees, &timeout.high_qc)
}

fn new_view(committees: &Committees, new_view: &NewView) -> Result<(), Refusal> {
    qc(committees, &new_view.high_qc)?;
    new_view.tc.as_ref().map_or(Ok(()), |inner| tc(committees, inner))
}

fn fetch_response(committees: &Committees, response: &FetchResponse) -> Result<(), Refusal> {
    let count = response.blocks.len();
    if count > FETCH_BLOCKS_MAX {
        return Err(Refusal::TooManyBlocks(count as u64));
    }
    response.blocks.iter().try_for_each(|one| block(committees, one))?;
    response.certificate.as_ref().map_or(Ok(()), |inner| qc(committees, inner))
}

fn in_range(view: View) -> Result<(), Refusal> {
    if view > View::MAX { Err(Refusal::ViewOutOfRange(view)) } else { Ok(()) }
}

/// Signers ascend, belong to the committee, and have a quorum's power.
fn quorum(
    committee: &Committee,
    view: View,
    signers: impl Iterator<Item = ReplicaId>,
) -> Result<(), Refusal> {
    let mut last = None;
    let mut have = Power(0);
    for signer in signers.take(MEMBERS_MAX + 1) {
        if !committee.rules().may_follow(last, signer) {
            return Err(Refusal::RepeatedSigner(signer));
        }
        last = Some(signer);
        if committee.key(signer).is_none() {
            return Err(Refusal::Stranger(signer));
        }
        have = have + committee.power(signer);
    }
    let need = committee.quorum();
    if have < need { Err(Refusal::BelowQuorum { view, have, need }) } else { Ok(()) }
}
