//! What a replica's driver needs to prove a part of the state to a reader.

use super::Replica;
use crate::app::App;
use crate::block::Header;
use crate::certificate::QuorumCertificate;
use crate::ids::{Height, View};
use crate::state_proof::StateRoots;

/// The newest header here that a quorum has certified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The header.
    pub header: Header,
    /// Its certificate.
    pub certificate: QuorumCertificate,
    /// The height of the block after which the state is the one that the header names.
    pub state_of: Height,
}

impl<A: App> Replica<A> {
    /// What the state root is made of, as of the committed head. It costs what changed since it was last
    /// asked for, and the replica asks after every block itself.
    pub fn state_roots(&mut self) -> StateRoots {
        self.ledger.roots()
    }

    /// The block of the high QC, if it is here, and not the genesis block, which no quorum has signed. The state that its header names is that of the committed
    /// head or of a block before it: whoever wants a proof of today's waits for the next blocks.
    #[must_use]
    pub fn certified(&self) -> Option<Certified> {
        if self.high_qc.view() == View::GENESIS {
            return None;
        }
        let id = self.high_qc.block.id;
        let header = self.tree.block(&id)?.header().clone();
        let state_of = self.tree.commits_of(&id)?;
        Some(Certified { header, certificate: self.high_qc.clone(), state_of })
    }
}
