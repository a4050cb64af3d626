//! Messages that the attacker makes: signed with the keys it has, out of what it saw.

use super::{Envelope, World, secret};
use hotstuff_core::block::Header;
use hotstuff_core::certificate::{Timeout, TimeoutSignature, Vote};
use hotstuff_core::command::Payload;
use hotstuff_core::crypto::{Digest, Domain, Signature};
use hotstuff_core::message::{FetchRequest, FetchResponse, NewView, Proposal};
use hotstuff_core::*;
use std::collections::BTreeMap;

fn sign<T: serde::Serialize>(id: u16, domain: Domain, value: &T) -> Signature {
    secret(id).sign(domain, &super::CLUSTER, value)
}

/// A block by the replica that its header names.
fn signed(header: Header, payload: Payload) -> Block {
    let signature = sign(header.proposer.0, Domain::Proposal, &(header.view, header.id()));
    wire::decode(&wire::encode(&(header, signature, payload))).expect("a block's parts")
}

impl World {
    /// The message that the attacker makes of its choice; `None` where it lacks what it takes.
    pub(super) fn forge(&mut self, what: u8, b: usize, c: usize) -> Option<Message> {
        let signer = self.attack.keys.get(b.checked_rem(self.attack.keys.len())?).copied()?;
        Some(match what % 16 {
            0 => {
                let block = self.some_block(b)?;
                if c.is_multiple_of(8) {
                    self.tell(Message::Vote(self.vote(signer, block, c ^ 8))); // another in the same view
                }
                Message::Vote(self.vote(signer, block, c))
            }
            1 => Message::Timeout(self.timeout(signer, b, c)?),
            2 => Message::Proposal(self.proposal(signer, b, c)?),
            11..16 => Message::Proposal(self.lead(b, c)?),
            3..6 => {
                let fork = self.attack.blocks.iter().max_by_key(|block| block.view()).map(|block| BlockRef {
                    view: View(self.newest_view() + 1),
                    id: Digest([c as u8; 32]),
                    ..block.reference()
                });
                let block = fork.filter(|_| c % 16 == 4).or_else(|| self.some_block(b));
                let qc = self.assembled(block?, c);
                self.attack.qcs.note(qc.clone());
                Message::NewView(NewView { high_qc: qc, tc: self.attack.tcs.pick(c).cloned() })
            }
            6..9 => {
                let tc = self.timed_out(b, c)?;
                self.attack.tcs.note(tc.clone());
                Message::NewView(NewView { high_qc: self.attack.qcs.pick(c)?.clone(), tc: Some(tc) })
            }
            9 => Message::FetchRequest(FetchRequest {
                above: Height([0, 1, c as u64 / 8, u64::MAX][c % 4]),
                target: (c < 200).then(|| self.some_block(b)).flatten(),
                epoch: Epoch([0, 1, 2, u64::MAX][b % 4]),
            }),
            10 => Message::FetchResponse(self.response(b, c)),
            _ => Message::NewView(NewView {
                high_qc: self.attack.qcs.pick(b)?.clone(),
                tc: self.attack.tcs.pick(c).cloned(),
            }),
        })
    }

    fn some_block(&self, at: usize) -> Option<BlockRef> {
        match self.attack.blocks.pick(at / 2) {
            Some(block) if at.is_multiple_of(2) => Some(block.reference()),
            _ => self.attack.qcs.pick(at / 2).map(|qc| qc.block),
        }
    }

    fn vote(&self, signer: u16, mut block: BlockRef, c: usize) -> Vote {
        match c % 8 {
            0 => {
                block.id = Digest([c as u8; 32]);
                block.view = View(self.newest_view() + c as u64 / 128);
            }
            1 => block.view = View(block.view.0 + c as u64),
            2 => block.view = View(u64::MAX / 2 - (c as u64 / 64)),
            3 => block.height = Height(u64::MAX),
            4 => block.epoch = block.epoch.next(),
            _ => {}
        }
        let voter = ReplicaId(if c % 16 == 5 { signer ^ 1 } else { signer });
        Vote { block, voter, signature: sign(signer, Domain::Vote, &block) }
    }

    fn timeout(&self, signer: u16, b: usize, c: usize) -> Option<Timeout> {
        if c >= 192 {
            // Another's, with what it does not sign altered.
            let mut held = self.attack.timeouts.pick(b)?.clone();
            held.last_vote = c.is_multiple_of(2).then(|| self.attack.votes.pick(c).cloned()).flatten();
            return Some(held);
        }
        let high_qc = self.attack.qcs.pick(b)?.clone();
        let view = View([0, 1, 2, 1_000][c % 4] + high_qc.view().0.max(self.newest_view() * (c as u64 / 64)));
        let epoch = Epoch(high_qc.block.epoch.0 + u64::from(c % 16 == 7));
        let signature = sign(signer, Domain::Timeout, &(epoch, view, high_qc.view()));
        let last_vote = c.is_multiple_of(3).then(|| self.vote(signer, high_qc.block, c / 3));
        Some(Timeout { epoch, view, high_qc, last_vote, replica: ReplicaId(signer), signature })
    }

    fn newest_view(&self) -> u64 {
        let honest = self.replicas.iter().flatten().map(|replica| replica.status().view.0);
        honest.max().unwrap_or(0)
    }

    fn proposal(&self, signer: u16, b: usize, c: usize) -> Option<Proposal> {
        let justify = self.attack.qcs.pick(b)?.clone();
        let tc = (c % 4 > 1).then(|| self.attack.tcs.pick(c / 4).cloned()).flatten();
        let after = tc.as_ref().map_or(justify.view(), |tc| tc.view);
        let view = View(after.0 + if c % 32 == 9 { 1 + c as u64 } else { 1 });
        let mut payload = Payload::default();
        payload.commands.extend(self.attack.commands.iter().take(c / 48).cloned());
        let mut honest = self.replicas.iter().flatten();
        let state_root = honest.nth(c % 3)?.status().state_root;
        let proposers = self.leader_if_corrupt(view).unwrap_or(signer);
        let header = Header {
            epoch: Epoch(justify.block.epoch.0 + u64::from(c % 8 == 5)),
            view,
            height: if c % 64 == 33 { Height(u64::MAX) } else { justify.block.height.next() },
            proposer: ReplicaId(proposers),
            justify,
            payload_digest: payload.digest(),
            state_root: if c % 16 == 3 { Digest([c as u8; 32]) } else { state_root },
        };
        Some(Proposal { block: signed(header, payload), tc })
    }

    /// What the attacker proposes where it leads an honest replica's view: first all are told of the
    /// certificates it can make, so that they may vote; `c` chooses among blocks for the same view.
    fn lead(&mut self, b: usize, c: usize) -> Option<Proposal> {
        let latest = self.attack.votes.iter().map(|vote| vote.block).max_by_key(|block| block.view);
        if let Some(block) = latest.filter(|_| b.is_multiple_of(2)) {
            let high_qc = self.assembled(block, 0);
            self.attack.qcs.note(high_qc.clone());
            self.tell(Message::NewView(NewView { high_qc, tc: None }));
        }
        let honest = self.replicas.iter().flatten().map(Replica::status);
        let of_corrupt = |status: &Status| self.attack.keys.contains(&status.leader.0);
        let status = honest.filter(of_corrupt).max_by_key(|status| status.view)?;
        let (view, leader) = (status.view, status.leader.0);
        let tc = self.attack.tcs.iter().find(|tc| view.follows(tc.view)).cloned();
        let highest = self.attack.qcs.iter().filter(|qc| qc.view() < view).max_by_key(|qc| qc.view());
        let justify = if c % 4 == 3 { self.attack.qcs.pick(b)? } else { highest? }.clone();
        let tc = tc.filter(|_| !view.follows(justify.view()));
        let mut payload = Payload::default();
        payload.commands.extend(self.attack.commands.iter().skip(c % 4).take(c % 3).cloned());
        let header = Header {
            epoch: if c == 5 { justify.block.epoch } else { status.epoch },
            view,
            height: justify.block.height.next(),
            proposer: ReplicaId(leader),
            state_root: self.attack.blocks.iter().find(|block| block.parent() == justify.block.id).map_or(
                status.state_root, // as after the head, unless another block says
                |block| block.header().state_root,
            ),
            justify,
            payload_digest: payload.digest(),
        };
        Some(Proposal { block: signed(header, payload), tc })
    }

    fn tell(&mut self, message: Message) {
        let from = self.attack.keys.first().copied().unwrap_or(0);
        for to in 0..self.setting.replicas() {
            self.deliver(Envelope { from, to, message: message.clone() });
        }
    }

    /// The leader of a view near an honest replica's, where the attacker has its key.
    fn leader_if_corrupt(&self, view: View) -> Option<u16> {
        let told = self.replicas.iter().flatten().map(Replica::status).find_map(|status| {
            [(status.view, status.leader), (status.view.next(), status.next_leader)]
                .into_iter()
                .find_map(|(of, leader)| (of == view).then_some(leader.0))
        });
        told.filter(|leader| self.attack.keys.contains(leader))
    }

    /// A certificate of all votes seen for `block` and the attacker's own; a quorum or not.
    fn assembled(&self, block: BlockRef, c: usize) -> QuorumCertificate {
        let seen = self.attack.votes.iter().filter(|vote| vote.block == block);
        let mut parts: BTreeMap<ReplicaId, Signature> =
            seen.map(|vote| (vote.voter, vote.signature)).collect();
        for id in &self.attack.keys {
            parts.insert(ReplicaId(*id), sign(*id, Domain::Vote, &block));
        }
        if c % 16 == 1 {
            parts.insert(ReplicaId(c as u16 / 16), Signature([c as u8; 64]));
        }
        let mut signatures: Vec<_> = parts.into_iter().collect();
        if c % 16 == 2 {
            signatures.push(signatures[0]);
        }
        QuorumCertificate { block, signatures }
    }

    /// A timeout certificate of all timeouts seen for one view and the attacker's own.
    fn timed_out(&self, b: usize, c: usize) -> Option<TimeoutCertificate> {
        let one = self.attack.timeouts.pick(b)?;
        let (epoch, view) = (one.epoch, one.view);
        let same = self.attack.timeouts.iter().filter(|held| (held.epoch, held.view) == (epoch, view));
        let mut high_qc = one.high_qc.clone();
        let mut parts = BTreeMap::new();
        for held in same {
            if held.high_qc.view() > high_qc.view() {
                high_qc = held.high_qc.clone();
            }
            parts.entry(held.replica).or_insert((held.high_qc.view(), held.signature));
        }
        for id in &self.attack.keys {
            let claimed = View([0, high_qc.view().0, 1, view.0][c % 4]);
            let signature = sign(*id, Domain::Timeout, &(epoch, view, claimed));
            parts.insert(ReplicaId(*id), (claimed, signature));
        }
        let highest = parts.values().map(|(claimed, _)| *claimed).max();
        let held = self.attack.qcs.iter().find(|qc| Some(qc.view()) == highest);
        let part =
            |(replica, (high_qc_view, signature))| TimeoutSignature { replica, high_qc_view, signature };
        let high_qc = held.cloned().unwrap_or(high_qc);
        Some(TimeoutCertificate { epoch, view, high_qc, signatures: parts.into_iter().map(part).collect() })
    }

    /// Blocks that lead to one that was asked for, or others; certified, or not.
    fn response(&self, b: usize, c: usize) -> FetchResponse {
        let asked = self.attack.asked.pick(b / 4);
        let target = asked.and_then(|request| request.target).map(|block| block.id);
        let tip = match b % 4 {
            0 | 1 => target.or_else(|| self.attack.qcs.pick(c).map(|qc| qc.block.id)),
            2 => self.attack.qcs.pick(c).map(|qc| qc.block.id),
            _ => self.attack.blocks.pick(c).map(Block::id),
        };
        let above = asked.map_or(Height(0), |request| request.above);
        let mut blocks = Vec::new();
        let find = |id: BlockId| self.attack.blocks.iter().find(|block| block.id() == id).cloned();
        let mut next = tip.and_then(find);
        while let Some(block) = next.filter(|block| block.height() > above) {
            next = find(block.parent());
            blocks.push(block);
        }
        blocks.reverse();
        match c % 8 {
            0 => drop(blocks.pop()),
            1 => blocks.truncate(2),
            2 if !blocks.is_empty() => drop(blocks.remove(0)),
            _ => {}
        }
        let last = blocks.last().map(Block::id);
        let certificate = self.attack.qcs.iter().find(|qc| Some(qc.block.id) == last);
        let certificate = if c.is_multiple_of(5) { self.attack.qcs.pick(c) } else { certificate };
        let target = if b % 16 == 15 { None } else { target };
        FetchResponse { target, blocks, certificate: certificate.filter(|_| !c.is_multiple_of(7)).cloned() }
    }
}
