//! What clients ask for, and what they are told: signed commands and signed replies.

use crate::app::RESULT_BYTES_MAX;
use crate::change::CommitteeChange;
use crate::crypto::{ClusterId, Digest, Domain, PublicKey, SecretKey, Signature};
use crate::ids::{Height, ReplicaId, SequenceNumber};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::{fmt, mem};
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

/// What a command asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Something of the application, as it encodes it. The core does not look into it.
    App(Vec<u8>),
    /// Another committee; only the operator may.
    Committee(CommitteeChange),
}

impl From<Vec<u8>> for Operation {
    fn from(bytes: Vec<u8>) -> Self {
        Self::App(bytes)
    }
}

impl<const N: usize> From<&[u8; N]> for Operation {
    fn from(bytes: &[u8; N]) -> Self {
        Self::App(bytes.to_vec())
    }
}

impl From<CommitteeChange> for Operation {
    fn from(change: CommitteeChange) -> Self {
        Self::Committee(change)
    }
}

impl Operation {
    /// What it counts against limits, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::App(bytes) => bytes.len() as u64,
            Self::Committee(_) => CHANGE_BYTES,
        }
    }
}

/// What a change of the committee counts as: no less than its encoding takes.
const CHANGE_BYTES: u64 = 64;

/// One operation of a client, signed by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The command's name.
    pub id: CommandId,
    /// What is to be done.
    pub operation: Operation,
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
        operation: impl Into<Operation>,
    ) -> Self {
        let operation = operation.into();
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

    /// Bytes of all operations together: what `block_bytes` limits.
    #[must_use]
    pub fn operation_bytes(&self) -> u64 {
        self.commands.iter().map(|command| command.operation.size()).sum()
    }
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// It executed, once, in the committed block at this height.
    Executed {
        /// The block's height.
        height: Height,
        /// What the application answered; for a change of the committee, what
        /// [`crate::change::decode_result`] reads.
        result: Vec<u8>,
    },
    /// It was committed, but its sequence number is so old that the replicas no longer know
    /// whether it executed; it was not executed (again).
    TooOld,
    /// This replica did not take it in; another may have. Never equals an execution.
    NotAdmitted(NotAdmitted),
}

impl Outcome {
    fn bytes(&self) -> usize {
        let result = if let Self::Executed { result, .. } = self { result.len() } else { 0 };
        OUTCOME_BYTES + result
    }
}

/// Why a replica did not take a command in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
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

impl NotAdmitted {
    /// All names.
    pub const NAMES: &[&str] = <Self as strum::VariantNames>::VARIANTS;

    /// Its name, for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
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

/// One replica's word on what became of commands of one client: of those that a block executed, or of one that
/// it answers on its own. A client believes f+1 equal outcomes of a command (PBFT, section 4.1), in whatever
/// company each comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replies {
    /// Whose commands.
    pub client: ClientId,
    /// The commands' numbers, and what became of each.
    pub outcomes: Vec<(SequenceNumber, Outcome)>,
    /// Who says so.
    pub replica: ReplicaId,
    /// The replica's signature on all of that.
    pub signature: Signature,
}

/// Replies are signed together up to so many bytes; the longest results go alone.
pub const REPLIES_BYTES: usize = RESULT_BYTES_MAX as usize;
/// What an outcome counts beside its result: no less than number, height and lengths take.
const OUTCOME_BYTES: usize = 40;

impl Replies {
    /// The replies, signed by `replica`.
    #[must_use]
    pub fn signed(
        key: &SecretKey,
        cluster: &ClusterId,
        replica: ReplicaId,
        client: ClientId,
        outcomes: Vec<(SequenceNumber, Outcome)>,
    ) -> Self {
        let signature = key.sign(Domain::Reply, cluster, &(&client, &outcomes, replica));
        Self { client, outcomes, replica, signature }
    }

    /// A reply to one command, signed by `replica`.
    #[must_use]
    pub fn one(
        key: &SecretKey,
        cluster: &ClusterId,
        replica: ReplicaId,
        command: CommandId,
        outcome: Outcome,
    ) -> Self {
        Self::signed(key, cluster, replica, command.client, [(command.sequence, outcome)].into())
    }
}

/// The outcomes by client, and each client's in the order given, in lots of [`REPLIES_BYTES`] at most: what is
/// signed together.
#[must_use]
pub fn lots(
    outcomes: impl IntoIterator<Item = (CommandId, Outcome)>,
) -> Vec<(ClientId, Vec<(SequenceNumber, Outcome)>)> {
    let mut open: BTreeMap<ClientId, (usize, Vec<(SequenceNumber, Outcome)>)> = BTreeMap::new();
    let mut full = Vec::new();
    for (CommandId { client, sequence }, outcome) in outcomes {
        let bytes = outcome.bytes();
        let (held, lot) = open.entry(client).or_default();
        if !lot.is_empty() && *held + bytes > REPLIES_BYTES {
            full.push((client, mem::take(lot)));
            *held = 0;
        }
        *held += bytes;
        lot.push((sequence, outcome));
    }
    full.extend(open.into_iter().map(|(client, (_, lot))| (client, lot)));
    full
}
