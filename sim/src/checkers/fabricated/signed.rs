//! Signed things of a made-up cluster.

use crate::cluster;
use crate::config::{Signatures, SimConfig};
use crate::weakness::Weakness;
use hotstuff_core::block::Header;
use hotstuff_core::certificate::{BlockRef, QuorumCertificate, TimeoutCertificate, TimeoutSignature};
use hotstuff_core::command::{Command, Payload};
use hotstuff_core::crypto::{Digest, Domain, SecretKey};
use hotstuff_core::{Block, Committee, Epoch, ReplicaId, View, wire};
use std::sync::Arc;

/// Four replicas whose signatures are tags.
pub(in crate::checkers) struct Cluster {
    pub(in crate::checkers) config: SimConfig,
    pub(in crate::checkers) committee: Arc<Committee>,
}

impl Cluster {
    pub(in crate::checkers) fn new(weakness: Option<Weakness>) -> Self {
        let config = SimConfig { weakness, signatures: Signatures::Tags, ..SimConfig::default() };
        let committee = Arc::new(cluster::committee(&config).unwrap());
        Self { config, committee }
    }

    pub(in crate::checkers) fn key(&self, id: u16) -> SecretKey {
        cluster::replica_key(&self.config, ReplicaId(id))
    }

    pub(in crate::checkers) fn qc(&self, block: BlockRef, signers: &[u16]) -> QuorumCertificate {
        let vote = |&id| (ReplicaId(id), self.key(id).sign(Domain::Vote, self.committee.cluster(), &block));
        QuorumCertificate { block, signatures: signers.iter().map(vote).collect() }
    }

    /// Each signer comes with the view of its high QC.
    pub(in crate::checkers) fn tc(
        &self,
        view: u64,
        high_qc: QuorumCertificate,
        signers: &[(u16, u64)],
    ) -> TimeoutCertificate {
        let timeout = |&(id, high_qc): &(u16, u64)| {
            let content = (Epoch(0), View(view), View(high_qc));
            let signature = self.key(id).sign(Domain::Timeout, self.committee.cluster(), &content);
            TimeoutSignature { replica: ReplicaId(id), high_qc_view: View(high_qc), signature }
        };
        let signatures = signers.iter().map(timeout).collect();
        TimeoutCertificate { epoch: Epoch(0), view: View(view), high_qc, signatures }
    }

    /// A block of r0 on what `justify` certifies.
    pub(in crate::checkers) fn block(
        &self,
        justify: QuorumCertificate,
        view: u64,
        commands: Vec<Command>,
    ) -> Block {
        let payload = Payload { commands };
        let header = Header {
            epoch: Epoch(0),
            view: View(view),
            height: justify.block.height.next(),
            proposer: ReplicaId(0),
            justify,
            payload_digest: payload.digest(),
            state_root: Digest::default(),
        };
        let content = (header.view, header.id());
        let signature = self.key(0).sign(Domain::Proposal, self.committee.cluster(), &content);
        wire::decode(&wire::encode(&(header, signature, payload))).unwrap()
    }
}
