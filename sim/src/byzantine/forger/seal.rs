//! The ways to make a certificate that no quorum signed.

use crate::byzantine::Scene;
use hotstuff_core::crypto::Signature;
use hotstuff_core::rules::{HotStuff, Rules};
use hotstuff_core::{BlockRef, Power, QuorumCertificate, ReplicaId};
use std::collections::BTreeMap;

/// What is wrong with a false certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    /// One signer stands in it several times.
    Repeated,
    /// The signatures of the others are rubbish.
    Rubbish,
    /// A vote is missing, or more where so many are not known.
    Short,
}

impl Seal {
    pub(super) const ALL: [Self; 3] = [Self::Repeated, Self::Rubbish, Self::Short];

    /// A false certificate for a block.
    pub(super) fn certify(self, scene: &mut Scene<'_>, block: BlockRef) -> QuorumCertificate {
        let signatures = match self {
            Self::Repeated => repeated(scene, block),
            Self::Rubbish => rubbish(scene, block),
            Self::Short => short(scene, block),
        };
        QuorumCertificate { block, signatures }
    }
}

type Signatures = Vec<(ReplicaId, Signature)>;

/// The protocol's quorum, whatever the cluster goes by.
fn quorum(scene: &Scene<'_>) -> Power {
    HotStuff.quorum(scene.committee.power_of(scene.committee.ids()), scene.committee.faulty_max())
}

fn repeated(scene: &Scene<'_>, block: BlockRef) -> Signatures {
    let own = scene.vote(block);
    let times = quorum(scene).0.div_ceil(scene.committee.power(scene.id).0.max(1));
    (0..times).map(|_| (own.voter, own.signature)).collect()
}

fn rubbish(scene: &mut Scene<'_>, block: BlockRef) -> Signatures {
    let own = scene.vote(block);
    let mut have = Power(0);
    let mut signatures = Signatures::new();
    for id in scene.committee.ids() {
        if have >= quorum(scene) {
            break;
        }
        have = have + scene.committee.power(id);
        let signature = if id == own.voter { own.signature } else { scene.rubbish() };
        signatures.push((id, signature));
    }
    signatures
}

fn short(scene: &Scene<'_>, block: BlockRef) -> Signatures {
    let voted = scene.lore.votes().filter(|vote| vote.block == block);
    let certified = scene.lore.qcs().filter(|qc| qc.block == block).flat_map(|qc| &qc.signatures).copied();
    let known: BTreeMap<ReplicaId, Signature> =
        voted.map(|vote| (vote.voter, vote.signature)).chain(certified).collect();
    let own = scene.vote(block);
    let mut have = scene.committee.power(own.voter);
    let mut signatures = BTreeMap::from([(own.voter, own.signature)]);
    for (voter, signature) in known.into_iter().filter(|(voter, _)| *voter != own.voter) {
        let with = have + scene.committee.power(voter);
        if with < quorum(scene) {
            have = with;
            signatures.insert(voter, signature);
        }
    }
    signatures.into_iter().collect()
}
