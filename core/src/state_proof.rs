//! What the application's state is, proven by one replica to who trusts the committee alone: a header that
//! names the state root, the quorum that certified the header, and what the root is made of.
//!
//! The quorum's honest replicas have committed the block after which the state is this, and computed the
//! root themselves. That no later block has changed the state since is not proven.

use crate::block::Header;
use crate::certificate::QuorumCertificate;
use crate::committees::Committees;
use crate::crypto::Digest;
use crate::refusal::Refusal;
use crate::snapshot::state_root;
use crate::verify;
use serde::{Deserialize, Serialize};

/// The parts of a state root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRoots {
    /// What [`crate::App::root`] says of the application.
    pub app: Digest,
    /// The root of the client table.
    pub sessions: Digest,
    /// The digest of committee and leaders.
    pub schedules: Digest,
}

impl StateRoots {
    /// The state root.
    #[must_use]
    pub fn root(&self) -> Digest {
        state_root(&self.app, &self.sessions, &self.schedules)
    }
}

/// Proof of an application's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateProof {
    /// A header, which names the state root after the last block that its justify commits.
    pub header: Header,
    /// The header's certificate.
    pub certificate: QuorumCertificate,
    /// What the state root is made of.
    pub roots: StateRoots,
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateProofError {
    /// The certificate is for another block.
    #[error("the certificate is not the header's")]
    OtherBlock,
    /// The certificate is not valid.
    #[error("the certificate is not valid: {0}")]
    Certificate(#[from] Refusal),
    /// The roots make another state root than the header names.
    #[error("the header names another state")]
    OtherState,
}

impl StateProof {
    /// The application's root, as a quorum of `committees` has certified it.
    ///
    /// # Errors
    /// Why the proof proves nothing.
    pub fn check(&self, committees: &Committees) -> Result<Digest, StateProofError> {
        if self.certificate.block.id != self.header.id() {
            return Err(StateProofError::OtherBlock);
        }
        verify::qc(committees, &self.certificate)?;
        if self.roots.root() != self.header.state_root {
            return Err(StateProofError::OtherState);
        }
        Ok(self.roots.app)
    }
}
