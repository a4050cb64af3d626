//! Every certificate that an honest replica sends is one: a quorum of members signed it.
//!
//! Powers are added up and signatures checked one by one right here, because a committee whose rules
//! are too weak lies about quorums.

use super::{Breach, Checker, Observed};
use hotstuff_core::committee::Committee;
use hotstuff_core::crypto::{self, Digest, Domain, Signature};
use hotstuff_core::message::{FetchResponse, NewView, Proposal};
use hotstuff_core::{Epoch, Message, Power, QuorumCertificate, Refusal, ReplicaId, TimeoutCertificate, View};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// How many good certificates are remembered, so that those of late are checked once each.
const REMEMBERED_MAX: usize = 192;

/// The committees of all epochs that any replica has come to, and certificates found good.
#[derive(Clone)]
pub(super) struct Certificates {
    committees: BTreeMap<Epoch, Arc<Committee>>,
    good: BTreeSet<Digest>,
    oldest_first: VecDeque<Digest>,
}

impl Certificates {
    pub(super) fn new(committee: &Arc<Committee>) -> Self {
        let committees = BTreeMap::from([(committee.epoch(), committee.clone())]);
        Self { committees, good: BTreeSet::new(), oldest_first: VecDeque::new() }
    }

    fn message(&mut self, message: &Message) -> Result<(), Refusal> {
        match message {
            Message::Proposal(Proposal { block, tc }) => {
                self.qc(block.justify())?;
                tc.as_ref().map_or(Ok(()), |tc| self.tc(tc))
            }
            Message::Timeout(timeout) => self.qc(&timeout.high_qc),
            Message::NewView(NewView { high_qc, tc }) => {
                self.qc(high_qc)?;
                tc.as_ref().map_or(Ok(()), |tc| self.tc(tc))
            }
            Message::FetchResponse(FetchResponse { blocks, certificate, .. }) => {
                let justifies = blocks.iter().map(hotstuff_core::Block::justify);
                justifies.chain(certificate).try_for_each(|qc| self.qc(qc))
            }
            // What a snapshot proves is for its receiver to see.
            Message::SnapshotRequest(_) | Message::SnapshotChunk(_) => Ok(()),
            Message::Vote(_) | Message::FetchRequest(_) => Ok(()),
        }
    }

    fn qc(&mut self, qc: &QuorumCertificate) -> Result<(), Refusal> {
        if qc.view() == View::GENESIS {
            let genesis = self.committees.values().next().map(|committee| committee.genesis_qc());
            return if genesis == Some(qc) { Ok(()) } else { Err(Refusal::NotGenesis) };
        }
        let Some(committee) = self.committees.get(&qc.block.epoch).cloned() else { return Ok(()) };
        let name = Digest::of_value(Domain::Vote, qc);
        if self.good.contains(&name) {
            return Ok(());
        }
        quorum(&committee, qc.view(), qc.signers())?;
        for (signer, signature) in &qc.signatures {
            signed(&committee, *signer, Domain::Vote, &qc.block, signature)?;
        }
        self.remember(name);
        Ok(())
    }

    fn tc(&mut self, tc: &TimeoutCertificate) -> Result<(), Refusal> {
        self.qc(&tc.high_qc)?;
        let Some(committee) = self.committees.get(&tc.epoch).cloned() else { return Ok(()) };
        let name = Digest::of_value(Domain::Timeout, tc);
        if self.good.contains(&name) {
            return Ok(());
        }
        quorum(&committee, tc.view, tc.signers())?;
        let high_qc = tc.high_qc.view();
        let named = tc.signatures.iter().map(|part| part.high_qc_view);
        if named.max() != Some(high_qc) || high_qc > tc.view {
            return Err(Refusal::HighQcMismatch { view: tc.view, high_qc });
        }
        for part in &tc.signatures {
            let content = (tc.epoch, tc.view, part.high_qc_view);
            signed(&committee, part.replica, Domain::Timeout, &content, &part.signature)?;
        }
        self.remember(name);
        Ok(())
    }

    fn remember(&mut self, name: Digest) {
        self.good.insert(name);
        self.oldest_first.push_back(name);
        if self.oldest_first.len() > REMEMBERED_MAX
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.good.remove(&oldest);
        }
    }
}

impl Checker for Certificates {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach> {
        if let Some(replica) = observed.replica
            && !self.committees.contains_key(&replica.committees().newest().epoch())
        {
            let known = replica.committees().iter();
            self.committees.extend(known.map(|committee| (committee.epoch(), committee.clone())));
        }
        let Some(replica) = observed.id() else { return Ok(()) };
        observed.sent.iter().try_for_each(|sent| {
            self.message(sent.content()).map_err(|why| Breach::Certificate { replica, why })
        })
    }
}

/// Whether the signers are distinct members with power n−f together.
fn quorum(
    committee: &Committee,
    view: View,
    signers: impl Iterator<Item = ReplicaId>,
) -> Result<(), Refusal> {
    let power_of = |id: ReplicaId| committee.members().iter().find(|one| one.id == id).map(|one| one.power.0);
    let (mut seen, mut have) = (BTreeSet::new(), 0);
    for signer in signers {
        if !seen.insert(signer) {
            return Err(Refusal::RepeatedSigner(signer));
        }
        have += power_of(signer).ok_or(Refusal::Stranger(signer))?;
    }
    let total: u64 = committee.members().iter().map(|member| member.power.0).sum();
    let need = total - (total - 1) / 3;
    if have >= need {
        Ok(())
    } else {
        Err(Refusal::BelowQuorum { view, have: Power(have), need: Power(need) })
    }
}

fn signed<T: Serialize>(
    committee: &Committee,
    signer: ReplicaId,
    domain: Domain,
    content: &T,
    signature: &Signature,
) -> Result<(), Refusal> {
    let key = committee.key(signer).ok_or(Refusal::Stranger(signer))?;
    if crypto::verify(key, domain, committee.cluster(), content, signature) {
        Ok(())
    } else {
        Err(Refusal::BadSignature(signer))
    }
}

#[cfg(test)]
mod tests;
