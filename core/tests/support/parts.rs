//! What tables are laid with: keys, committees, commands, votes and certificates.

use hotstuff_core::certificate::{QuorumCertificate, TimeoutCertificate, TimeoutSignature, Vote};
use hotstuff_core::command::{Command, Operation};
use hotstuff_core::committee::{CommitteeSpec, Limits, Member};
use hotstuff_core::crypto::{ClusterId, Digest, Domain, SecretKey, Signature};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::*;
use std::sync::Arc;

pub const RULES: [CommitRule; 2] = [CommitRule::ThreeChain, CommitRule::TwoChain];

/// Adds up what it is told; enough of an application to see order and repetition.
#[derive(Default)]
pub struct Adder {
    pub applied: Vec<Vec<u8>>,
}

impl App for Adder {
    fn execute(&mut self, operation: &[u8]) -> Vec<u8> {
        self.applied.push(operation.to_vec());
        vec![self.applied.len() as u8]
    }

    fn root(&self) -> Digest {
        Digest::of_value(Domain::Merkle, &self.applied)
    }

    fn snapshot(&self) -> Vec<u8> {
        wire::encode(&self.applied)
    }

    fn restore(&mut self, snapshot: &[u8]) -> Result<(), NoSnapshot> {
        self.applied = wire::decode(snapshot).map_err(|_| NoSnapshot)?;
        Ok(())
    }
}

pub fn secret(id: u16) -> SecretKey {
    SecretKey::from_seed([id as u8 + 1; 32])
}

pub fn client() -> SecretKey {
    SecretKey::from_seed([200; 32])
}

pub fn spec(count: u16) -> CommitteeSpec {
    let member = |id| Member { id: ReplicaId(id), key: secret(id).public(), power: Power(1) };
    CommitteeSpec {
        cluster: ClusterId([9; 32]),
        members: (0..count).map(member).collect(),
        leaders: LeaderRule::RoundRobin,
        rule: CommitRule::ThreeChain,
        operator: Some(client().public()),
        limits: Limits::default(),
    }
}

pub fn committee(count: u16) -> Arc<Committee> {
    Arc::new(Committee::new(spec(count)).unwrap())
}

/// The committee of [`committee`], to verify with.
pub fn committees(count: u16) -> Committees {
    Committees::of(committee(count))
}

pub fn setup(id: u16) -> Setup {
    Setup {
        id: ReplicaId(id),
        key: secret(id),
        committee: committee(4),
        joins_later: false,
        config: Config::default(),
    }
}

pub fn command(sequence: u64, operation: impl Into<Operation>) -> Command {
    Command::signed(&client(), &ClusterId([9; 32]), SequenceNumber(sequence), operation)
}

/// A signature by any key on anything: what an attacker that holds `key` can make.
pub fn sign<T: serde::Serialize>(id: u16, domain: Domain, value: &T) -> Signature {
    secret(id).sign(domain, &ClusterId([9; 32]), value)
}

pub fn vote(voter: u16, block: BlockRef) -> Vote {
    Vote { block, voter: ReplicaId(voter), signature: sign(voter, Domain::Vote, &block) }
}

pub fn qc(block: BlockRef, signers: &[u16]) -> QuorumCertificate {
    let part = |id: &u16| (ReplicaId(*id), sign(*id, Domain::Vote, &block));
    QuorumCertificate { block, signatures: signers.iter().map(part).collect() }
}

/// The timeout certificate of `view` that `signers` can make, all with the same high QC.
pub fn tc(view: u64, high_qc: &QuorumCertificate, signers: &[u16]) -> TimeoutCertificate {
    let (epoch, view, high_qc) = (Epoch(0), View(view), high_qc.clone());
    let part = |id: &u16| TimeoutSignature {
        replica: ReplicaId(*id),
        high_qc_view: high_qc.view(),
        signature: sign(*id, Domain::Timeout, &(epoch, view, high_qc.view())),
    };
    let signatures = signers.iter().map(part).collect();
    TimeoutCertificate { epoch, view, high_qc, signatures }
}

/// A block that nobody has, by name.
pub fn unknown(view: u64, height: u64) -> BlockRef {
    BlockRef { epoch: Epoch(0), view: View(view), height: Height(height), id: Digest([view as u8; 32]) }
}
