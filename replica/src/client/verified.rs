//! `hotstuff client get --verified`: one replica's word, checked against the committee.

use super::http;
use super::transport::Transport;
use crate::config::{CommitteeFile, hex};
use crate::driver::ProvenRead;
use hotstuff_core::state_proof::StateProofError;
use hotstuff_core::wire::{self, DecodeError};
use hotstuff_core::{Committees, Height, ReplicaId};
use hotstuff_kv::NoProof;
use std::time::Duration;

/// What a replica has proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The key's value, if it has one.
    pub value: Option<Vec<u8>>,
    /// The height of the certified block that names the state: a few above the last block that changed it.
    pub height: Height,
    /// Who has proven it.
    pub replica: ReplicaId,
}

/// Why a replica has proven nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotVerified {
    /// It gave no answer.
    #[error(transparent)]
    Http(#[from] http::HttpError),
    /// It gave no proof.
    #[error("{status}: {said}")]
    Refused {
        /// The answer's code.
        status: hyper::StatusCode,
        /// The beginning of what it said.
        said: String,
    },
    /// Bytes that are no proof.
    #[error("the answer is no proof: {0}")]
    Malformed(#[from] DecodeError),
    /// No quorum has certified the state.
    #[error("{0}")]
    State(#[from] StateProofError),
    /// The state says something else.
    #[error("{0}")]
    Key(#[from] NoProof),
    /// The committee has no such replica.
    #[error("not in the committee")]
    NotAMember,
}

/// How much of a refusal is passed on.
const SAID_CHARS_MAX: usize = 200;

/// Asks one replica for a key's value and checks the proof.
///
/// # Errors
/// Why it has proven nothing; nothing that it said is believed then.
pub async fn get(
    transport: &Transport,
    file: &CommitteeFile,
    replica: ReplicaId,
    key: &[u8],
    limit: Duration,
) -> Result<Verified, NotVerified> {
    let address = &file.addresses.get(&replica).ok_or(NotVerified::NotAMember)?.http;
    let url = format!("{}://{address}/read?key={}", transport.http(), hex::encode(key));
    let answer = http::get(transport, &url, limit).await?;
    if !answer.status.is_success() {
        let said: String = String::from_utf8_lossy(&answer.body).chars().take(SAID_CHARS_MAX).collect();
        return Err(NotVerified::Refused { status: answer.status, said: said.trim().to_owned() });
    }
    let read: ProvenRead = wire::decode(&answer.body)?;
    let root = read.state.check(&Committees::of(file.current.clone()))?;
    let value = read.key.check(key, &root)?.map(<[u8]>::to_vec);
    Ok(Verified { value, height: read.state.header.height, replica })
}

/// Asks one replica after the other until one has proven the value.
///
/// # Errors
/// What each of them did instead.
pub(super) async fn get_from_any(
    transport: &Transport,
    file: &CommitteeFile,
    replicas: &[ReplicaId],
    key: &[u8],
    limit: Duration,
) -> Result<Verified, Vec<(ReplicaId, NotVerified)>> {
    let mut failed = Vec::new();
    for replica in replicas {
        match get(transport, file, *replica, key, limit).await {
            Ok(verified) => return Ok(verified),
            Err(why) => failed.push((*replica, why)),
        }
    }
    Err(failed)
}
