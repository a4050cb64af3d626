//! Makes certificates that no quorum signed, for blocks of its own and of others, and shows them
//! wherever a certificate may stand.

mod false_branch;
mod seal;

use super::exchange::Exchange;
use super::{Behaviour, Conduct, Scene, Sending};
use false_branch::FalseBranch;
use hotstuff_core::message::{NewView, Proposal};
use hotstuff_core::{BlockId, Message, QuorumCertificate, View};
use seal::Seal;
use std::collections::VecDeque;

/// How many of its branches it remembers.
const BRANCHES: usize = 12;

#[derive(Clone, Default)]
pub(super) struct Forger {
    exchange: Exchange,
    /// The last view of its core in which it made branches.
    view: View,
    /// The latest ones.
    branches: VecDeque<FalseBranch>,
    /// By kind of seal: which real block it was put under last.
    sealed: [Option<BlockId>; Seal::ALL.len()],
    turn: usize,
}

impl Behaviour for Forger {
    fn conduct(&self) -> Conduct {
        Conduct::Forger
    }

    fn instead(&mut self, scene: &mut Scene<'_>, sending: Sending) -> Vec<Sending> {
        let Self { exchange, branches, turn, .. } = self;
        let make = |scene: &mut Scene<'_>, fresh: &Proposal| {
            Some(proposal(scene, branches, turn, fresh).unwrap_or_else(|| fresh.clone()))
        };
        let Some(mut sending) = exchange.instead(scene, sending, make) else { return Vec::new() };
        match &mut sending.message {
            Message::Timeout(timeout) => {
                let certificates = self.branches.iter().flat_map(FalseBranch::certificates);
                let fitting: Vec<_> = certificates.filter(|qc| qc.view() <= timeout.view).cloned().collect();
                if let Some(high_qc) = scene.pick(&fitting) {
                    let (epoch, last_vote) = (timeout.epoch, timeout.last_vote.take());
                    *timeout = scene.timeout((epoch, timeout.view), high_qc, last_vote);
                }
            }
            // Who believes a false certificate asks for its block.
            Message::FetchResponse(response) => {
                let target = response.target;
                let asked = self.branches.iter().find_map(|branch| branch.up_to(target?));
                if let Some(blocks) = asked {
                    (response.blocks, response.certificate) = (blocks, None);
                }
            }
            _ => {}
        }
        vec![sending]
    }

    fn beside(&mut self, scene: &mut Scene<'_>) -> Vec<Sending> {
        let mut shown: Vec<QuorumCertificate> = self.seal_newest(scene);
        if scene.status.view > self.view {
            self.view = scene.status.view;
            for seal in Seal::ALL {
                if let Some(branch) = FalseBranch::grow(scene, seal, self.view) {
                    shown.extend(branch.certificates().next().cloned());
                    remember(&mut self.branches, branch);
                }
            }
        }
        let new_view = |high_qc| Sending::all(Message::NewView(NewView { high_qc, tc: None }));
        shown.into_iter().map(new_view).collect()
    }
}

impl Forger {
    /// False certificates for the newest block of another that it has seen, one of each kind.
    fn seal_newest(&mut self, scene: &mut Scene<'_>) -> Vec<QuorumCertificate> {
        let others = scene.lore.blocks().filter(|block| block.header().proposer != scene.id);
        let newest = others.max_by_key(|block| block.view());
        let Some(block) = newest.map(hotstuff_core::Block::reference) else { return Vec::new() };
        let mut made = Vec::new();
        for (seal, sealed) in Seal::ALL.into_iter().zip(&mut self.sealed) {
            if *sealed == Some(block.id) {
                continue;
            }
            let qc = seal.certify(scene, block);
            // Its own vote alone is no more than that.
            if qc.signatures.len() > 1 {
                *sealed = Some(block.id);
                made.push(qc);
            }
        }
        made
    }
}

/// A block on a false certificate of the view before.
fn proposal(
    scene: &mut Scene<'_>,
    branches: &mut VecDeque<FalseBranch>,
    turn: &mut usize,
    fresh: &Proposal,
) -> Option<Proposal> {
    let before = View(fresh.block.view().0 - 1);
    if before == View::GENESIS {
        return None;
    }
    let seal = Seal::ALL[*turn % Seal::ALL.len()];
    *turn += 1;
    let branch = FalseBranch::grow(scene, seal, before)?;
    let block = branch.second().clone();
    remember(branches, branch);
    Some(Proposal { block, tc: fresh.tc.clone() })
}

fn remember(branches: &mut VecDeque<FalseBranch>, branch: FalseBranch) {
    if branches.len() == BRANCHES {
        branches.pop_front();
    }
    branches.push_back(branch);
}

#[cfg(test)]
mod tests;
