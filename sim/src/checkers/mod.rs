//! What must hold after every step. The first thing that does not freezes the run.

mod agreement;
mod prefix;
mod proposals;
mod votes;

use crate::network::Letter;
use crate::step::Step;
use core::fmt;
use hotstuff_core::crypto::Digest;
use hotstuff_core::{BlockRef, Committee, Height, Message, Refusal, Replica, ReplicaId, Status, Time, View};
use hotstuff_kv::KvStore;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A property that does not hold, and where in the run that showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The index of the step after which it showed.
    pub step: u64,
    /// When.
    pub time: Time,
    /// What does not hold.
    pub breach: Breach,
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Breach {
    /// Two replicas committed different blocks at one height.
    Agreement {
        /// Who committed there before, and what.
        first: (ReplicaId, BlockRef),
        /// Who committed something else.
        second: (ReplicaId, BlockRef),
    },
    /// Two replicas have different states after the same block.
    StateRoot {
        /// The block's height.
        height: Height,
        /// A replica and its state root.
        first: (ReplicaId, Digest),
        /// Another one and its.
        second: (ReplicaId, Digest),
    },
    /// A replica found that more than f replicas must be faulty, and stopped.
    Halted {
        /// The replica.
        replica: ReplicaId,
        /// What it had committed.
        head: BlockRef,
        /// What it was asked to commit.
        conflicting: BlockRef,
    },
    /// A replica's committed blocks are not what they were, with more at the end.
    Prefix {
        /// The replica.
        replica: ReplicaId,
        /// Its committed head before.
        before: BlockRef,
        /// Its committed head, or the block it committed, after.
        after: BlockRef,
    },
    /// A key signed votes for two blocks in one view.
    TwoVotes {
        /// Whose key.
        replica: ReplicaId,
        /// The first block.
        first: BlockRef,
        /// The second.
        second: BlockRef,
    },
    /// A key signed a vote after it had signed a timeout of the same view or a later one.
    VoteAfterTimeout {
        /// Whose key.
        replica: ReplicaId,
        /// The block voted for.
        block: BlockRef,
        /// The view given up.
        timed_out: View,
    },
    /// A key signed two blocks for one view.
    TwoProposals {
        /// Whose key.
        replica: ReplicaId,
        /// The first block.
        first: BlockRef,
        /// The second.
        second: BlockRef,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {} at {}: {}", self.step, self.time, self.breach)
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreement { first: (one, first), second: (other, second) } => {
                write!(f, "agreement: {one} committed {first}, {other} committed {second}")
            }
            Self::StateRoot { height, first: (one, first), second: (other, second) } => {
                write!(f, "state root at height {height}: {one} has {first}, {other} has {second}")
            }
            Self::Halted { replica, head, conflicting } => {
                write!(f, "halted: {replica} committed {head}, and was to commit {conflicting}")
            }
            Self::Prefix { replica, before, after } => {
                write!(f, "committed prefix: {replica} had committed up to {before}, now {after}")
            }
            Self::TwoVotes { replica, first, second } => {
                write!(f, "one vote per view: {replica} voted for {first} and for {second}")
            }
            Self::VoteAfterTimeout { replica, block, timed_out } => {
                write!(
                    f,
                    "no vote after a timeout: {replica} gave up on view {timed_out}, then voted for {block}"
                )
            }
            Self::TwoProposals { replica, first, second } => {
                write!(f, "one proposal per view: {replica} proposed {first} and {second}")
            }
        }
    }
}

/// What a replica sent or received in a step.
pub(crate) type Sent = Arc<Letter<Message, Refusal>>;

/// All that checkers may look at after a step.
pub(crate) struct Observed<'a> {
    pub(crate) step: &'a Step,
    /// The message that arrived.
    pub(crate) received: Option<&'a Letter<Message, Refusal>>,
    /// What was handed to the network, in order.
    pub(crate) sent: &'a [Sent],
    /// The step's replica afterwards, if it is up, and its status.
    pub(crate) replica: Option<&'a Replica<KvStore>>,
    pub(crate) status: Option<&'a Status>,
}

impl<'a> Observed<'a> {
    /// A step in which nothing was received or sent.
    #[cfg(test)]
    pub(crate) fn of(step: &'a Step) -> Self {
        Self { step, received: None, sent: &[], replica: None, status: None }
    }

    /// Which replica's step it was.
    fn id(&self) -> Option<ReplicaId> {
        self.step.host.map(|host| host.replica)
    }
}

/// One property.
trait Checker: Send {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach>;
}

/// All properties.
pub(crate) struct Checkers(Vec<Box<dyn Checker>>);

impl Checkers {
    pub(crate) fn new(committee: &Arc<Committee>) -> Self {
        let _ = committee;
        Self(vec![
            Box::<agreement::Agreement>::default(),
            Box::<prefix::CommittedPrefix>::default(),
            Box::<votes::Votes>::default(),
            Box::<proposals::Proposals>::default(),
        ])
    }

    /// The first property that does not hold after a step.
    pub(crate) fn check(&mut self, observed: &Observed<'_>) -> Option<Violation> {
        let Step { index, time, .. } = *observed.step;
        let breach = self.0.iter_mut().find_map(|checker| checker.check(observed).err())?;
        Some(Violation { step: index, time, breach })
    }
}

/// Made-up runs, to show that a checker can fail.
#[cfg(test)]
mod fabricated {
    use super::*;
    use crate::step::Cause;
    use hotstuff_core::Event;
    use hotstuff_core::certificate::{BlockId, QuorumCertificate, Timeout, Vote};
    use hotstuff_core::crypto::Signature;
    use hotstuff_core::event::BlockSummary;

    /// A block of the branch that `branch` names; its parent is of the same branch.
    pub(super) fn block(branch: u8, height: u64) -> BlockRef {
        BlockRef {
            epoch: hotstuff_core::Epoch(0),
            view: View(height),
            height: Height(height),
            id: id(branch, height),
        }
    }

    pub(super) fn committed(branch: u8, height: u64, state_root: u8) -> Event {
        let block = BlockSummary {
            block: block(branch, height),
            parent: id(branch, height - 1),
            justify_view: View(height - 1),
            proposer: ReplicaId(0),
            state_root: Digest::default(),
            commands: 0,
        };
        Event::Committed { block, state_root: Digest([state_root; 32]) }
    }

    pub(super) fn vote(replica: u16, block: BlockRef) -> Message {
        Message::Vote(signed_vote(replica, block))
    }

    pub(super) fn timeout(replica: u16, view: u64, last_vote: Option<BlockRef>) -> Message {
        Message::Timeout(Timeout {
            epoch: hotstuff_core::Epoch(0),
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
    pub(super) fn send(
        checker: &mut dyn Checker,
        replica: u16,
        messages: Vec<Message>,
    ) -> Result<(), Breach> {
        let sent: Vec<Sent> = messages.into_iter().map(Letter::new).collect();
        run(checker, replica, Vec::new(), &sent, None)
    }

    /// Lets `replica` show its committed head and state root.
    pub(super) fn show(
        checker: &mut dyn Checker,
        replica: u16,
        head: BlockRef,
        root: u8,
    ) -> Result<(), Breach> {
        let status = Status {
            id: ReplicaId(replica),
            view: View(9),
            leader: ReplicaId(0),
            next_leader: ReplicaId(1),
            epoch: hotstuff_core::Epoch(0),
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
        };
        run(checker, replica, Vec::new(), &[], Some(&status))
    }

    fn run(
        checker: &mut dyn Checker,
        replica: u16,
        events: Vec<Event>,
        sent: &[Sent],
        status: Option<&Status>,
    ) -> Result<(), Breach> {
        let host = Some(ReplicaId(replica).into());
        let step = Step { index: 0, time: Time(0), host, cause: Cause::Timer, events, results: Vec::new() };
        checker.check(&Observed { sent, status, ..Observed::of(&step) })
    }

    fn signed_vote(replica: u16, block: BlockRef) -> Vote {
        Vote { block, voter: ReplicaId(replica), signature: Signature([0; 64]) }
    }

    fn id(branch: u8, height: u64) -> BlockId {
        let mut bytes = [branch; 32];
        bytes[..8].copy_from_slice(&height.to_le_bytes());
        Digest(bytes)
    }
}
