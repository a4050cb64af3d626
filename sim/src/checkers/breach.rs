//! What a checker finds.

use crate::ids::ClientNumber;
use core::fmt;
use hotstuff_core::command::CommandId;
use hotstuff_core::crypto::Digest;
use hotstuff_core::{BlockRef, Height, Refusal, ReplicaId, SequenceNumber, Span, Time, View};
use hotstuff_kv::Response;
use serde::{Deserialize, Serialize};

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
    /// A replica voted for a block that it should have refused.
    VotingRule {
        /// The replica.
        replica: ReplicaId,
        /// The block.
        block: BlockRef,
        /// Why it should have.
        why: Refusal,
    },
    /// A replica does not remember its last vote.
    ForgottenVote {
        /// The replica.
        replica: ReplicaId,
        /// The last view it voted in.
        voted: View,
        /// The last one that it remembers.
        last_voted: View,
    },
    /// A replica's lock is lower than what it knows demands.
    Lock {
        /// The replica.
        replica: ReplicaId,
        /// Its lock.
        lock: BlockRef,
        /// What the lock must be, or above.
        least: BlockRef,
    },
    /// A replica committed a block without the certified descendants that the commit rule asks for.
    CommitRule {
        /// The replica.
        replica: ReplicaId,
        /// The block.
        block: BlockRef,
    },
    /// A replica sent a certificate that is none.
    Certificate {
        /// The replica.
        replica: ReplicaId,
        /// What is wrong with it.
        why: Refusal,
    },
    /// A command executed again.
    ExecutedTwice {
        /// Which replica told.
        replica: ReplicaId,
        /// The command.
        command: CommandId,
        /// The height at which it executed.
        first: Height,
        /// The height at which it executed again.
        second: Height,
    },
    /// Two replicas executed different commands in one block.
    ExecutionOrder {
        /// The block's height.
        height: Height,
        /// A replica and the command that it executed; `None` where it executed no more.
        first: (ReplicaId, Option<CommandId>),
        /// Another one and what it executed in that place.
        second: (ReplicaId, Option<CommandId>),
    },
    /// A replica executed a command that is of no block which it committed then.
    ExecutedApart {
        /// The replica.
        replica: ReplicaId,
        /// The command.
        command: CommandId,
        /// Where it is said to have executed.
        height: Height,
    },
    /// A command executed that its client had not sent.
    Unasked {
        /// The command.
        command: CommandId,
        /// Where it executed.
        height: Height,
    },
    /// A command executed before another that had returned when it was sent.
    RealTime {
        /// What returned first and executed last.
        earlier: CommandId,
        /// What was sent later, and executed before.
        later: CommandId,
    },
    /// A client believes what does not come of executing the committed commands one after the other.
    Believed {
        /// The client.
        client: ClientNumber,
        /// Its command.
        sequence: SequenceNumber,
        /// What it believes to be the answer.
        believed: Option<Response>,
        /// The answer; `None` where the command did not execute there.
        executed: Option<Response>,
    },
    /// The cluster does not go on, though it could.
    NoProgress {
        /// Within which time it should have.
        bound: Span,
        /// What is missing, and where the hosts are.
        because: String,
    },
    /// No order of the commands explains what clients were told.
    History {
        /// Of which command it shows.
        why: String,
    },
    /// A replica holds more than it may.
    Memory {
        /// The replica.
        replica: ReplicaId,
        /// Of what.
        what: String,
        /// How much it holds.
        held: u64,
        /// The most that it may hold.
        limit: u64,
    },
}

impl Breach {
    /// What is looked at after every step, by the names that [`property`](Self::property) gives.
    pub const PROPERTIES: [&'static str; 13] = [
        "agreement",
        "committed prefix",
        "one vote per view",
        "no vote after a timeout",
        "one proposal per view",
        "voting rule",
        "commit rule",
        "valid certificates",
        "state root",
        "exactly once",
        "one order",
        "linearizable",
        "progress",
    ];

    /// What does not hold, in a few words.
    #[must_use]
    pub fn property(&self) -> &'static str {
        match self {
            Self::Agreement { .. } => "agreement",
            Self::StateRoot { .. } => "state root",
            Self::Halted { .. } => "halted",
            Self::Prefix { .. } => "committed prefix",
            Self::TwoVotes { .. } => "one vote per view",
            Self::VoteAfterTimeout { .. } => "no vote after a timeout",
            Self::TwoProposals { .. } => "one proposal per view",
            Self::VotingRule { .. } | Self::ForgottenVote { .. } | Self::Lock { .. } => "voting rule",
            Self::CommitRule { .. } => "commit rule",
            Self::Certificate { .. } => "valid certificates",
            Self::ExecutedTwice { .. } => "exactly once",
            Self::ExecutionOrder { .. } | Self::ExecutedApart { .. } => "one order",
            Self::Unasked { .. } | Self::RealTime { .. } | Self::Believed { .. } | Self::History { .. } => {
                "linearizable"
            }
            Self::NoProgress { .. } => "progress",
            Self::Memory { .. } => "bounded memory",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {} at {}: {}", self.step, self.time, self.breach)
    }
}

struct Maybe<'a, T>(&'a Option<T>, &'a str);

impl<T: fmt::Display> fmt::Display for Maybe<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str(self.1),
        }
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
            Self::ExecutedTwice { replica, command, first, second } => {
                write!(
                    f,
                    "exactly once: {replica} executed {command} at height {first}, and at {second} again"
                )
            }
            Self::ExecutionOrder { height, first: (one, first), second: (other, second) } => {
                let (first, second) = (Maybe(first, "no command"), Maybe(second, "no command"));
                write!(
                    f,
                    "one order: at height {height} {one} executed {first} where {other} executed {second}"
                )
            }
            Self::ExecutedApart { replica, command, height } => {
                write!(
                    f,
                    "one order: {replica} executed {command} at height {height}, which it did not commit"
                )
            }
            Self::Unasked { command, height } => {
                write!(f, "linearizable: {command} executed at height {height}, and nobody had sent it")
            }
            Self::RealTime { earlier, later } => {
                write!(f, "linearizable: {earlier} had returned when {later} was sent, and executed after it")
            }
            Self::Believed { client, sequence, believed, executed } => {
                let (believed, executed) = (Maybe(believed, "nothing"), Maybe(executed, "no execution"));
                write!(
                    f,
                    "linearizable: {client} believes {believed} of {sequence}, and the chain gives {executed}"
                )
            }
            Self::NoProgress { bound, because } => {
                write!(f, "no progress within {bound}, because {because}")
            }
            Self::History { why } => write!(f, "linearizable: {why}"),
            Self::Memory { replica, what, held, limit } => {
                write!(f, "bounded memory: {replica} holds {held} {what}, and {limit} is the limit")
            }
            Self::VotingRule { replica, block, why } => {
                write!(f, "voting rule: {replica} voted for {block}, which it should have refused: {why}")
            }
            Self::ForgottenVote { replica, voted, last_voted } => {
                write!(f, "voting rule: {replica} voted in view {voted}, and remembers view {last_voted}")
            }
            Self::Lock { replica, lock, least } => {
                write!(f, "voting rule: {replica} is locked on {lock}, and should be on {least}")
            }
            Self::CommitRule { replica, block } => {
                write!(f, "commit rule: {replica} committed {block}, and no chain of certified blocks does")
            }
            Self::Certificate { replica, why } => {
                write!(f, "valid certificates: {replica} sent one that is none: {why}")
            }
        }
    }
}
