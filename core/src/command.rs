//! What clients ask for, and what they are told: signed commands and signed replies.

use crate::crypto::{ClusterId, Digest, Domain, PublicKey, SecretKey, Signature};
use crate::ids::{Height, ReplicaId, SequenceNumber};
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A client is known by its public key.
pub type ClientId = PublicKey;

/// What names a command for good: its client and the client's number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CommandId {
    /// Who asks.
    pub client: ClientId,
    /// The client's number for the command.
    pub sequence: SequenceNumber,
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.client, self.sequence)
    }
}

/// One operation of a client, signed by it. The core does not look into the operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The command's name.
    pub id: CommandId,
    /// The operation, as the application encodes it.
    pub operation: Vec<u8>,
    /// The client's signature on both.
    pub signature: Signature,
}

impl Command {
    /// The command `operation`, signed by its client.
    #[must_use]
    pub fn signed(
        key: &SecretKey,
        cluster: &ClusterId,
        sequence: SequenceNumber,
        operation: Vec<u8>,
    ) -> Self {
        let id = CommandId { client: key.public(), sequence };
        let signature = key.sign(Domain::Command, cluster, &(&id, &operation));
        Self { id, operation, signature }
    }
}

/// The commands of one block, in the order in which they execute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The batch.
    pub commands: Vec<Command>,
}

impl Payload {
    /// The digest that a header carries.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_value(Domain::Payload, self)
    }

    /// Bytes of all operations together: what `payload_bytes` limits.
    #[must_use]
    pub fn operation_bytes(&self) -> u64 {
        self.commands.iter().map(|command| command.operation.len() as u64).sum()
    }
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// It executed, once, in the committed block at this height.
    Executed {
        /// The block's height.
        height: Height,
        /// What the application answered.
        result: Vec<u8>,
    },
    /// It was committed, but its sequence number is so old that the replicas no longer know
    /// whether it executed; it was not executed (again).
    TooOld,
    /// This replica did not take it in; another may have. Never equals an execution.
    NotAdmitted(NotAdmitted),
}

/// Why a replica did not take a command in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NotAdmitted {
    /// Its signature is not the client's.
    BadSignature,
    /// Its operation is longer than `command_bytes`.
    TooLarge,
    /// The mempool is full: try again later.
    Busy,
    /// The client has as many commands waiting as one client may.
    TooManyInFlight,
}

impl fmt::Display for NotAdmitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadSignature => "the signature is not the client's",
            Self::TooLarge => "the operation is too large",
            Self::Busy => "the replica is busy: try again later",
            Self::TooManyInFlight => "the client has too many commands in flight",
        })
    }
}

/// One replica's word on what became of a command. A client believes f+1 equal ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The command replied to.
    pub command: CommandId,
    /// What became of it.
    pub outcome: Outcome,
    /// Who says so.
    pub replica: ReplicaId,
    /// The replica's signature on command and outcome.
    pub signature: Signature,
}

impl Reply {
    /// The reply, signed by `replica`.
    #[must_use]
    pub fn signed(
        key: &SecretKey,
        cluster: &ClusterId,
        replica: ReplicaId,
        command: CommandId,
        outcome: Outcome,
    ) -> Self {
        let signature = key.sign(Domain::Reply, cluster, &(&command, &outcome, replica));
        Self { command, outcome, replica, signature }
    }
}
