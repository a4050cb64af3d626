//! Sends garbage: badly signed, of far views, in others' names, old, or with a bit flipped.

use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::certificate::{Timeout, Vote};
use hotstuff_core::message::{FetchRequest, NewView, Proposal};
use hotstuff_core::{BlockRef, Epoch, Height, Message, QuorumCertificate, ReplicaId, View, wire};

/// Most messages in one step.
const PER_STEP: u64 = 4;
/// Most messages in one view of its core: answers to garbage must not lead to ever more of it.
const PER_VIEW: u64 = 32;
/// How far ahead its farthest votes and timeouts are, in views.
const FAR: u64 = 1 << 40;

#[derive(Default)]
pub(super) struct Flooder {
    /// Its core's view, and how much it has sent in it.
    view: View,
    sent: u64,
    /// Its messages are of all kinds in turn.
    turn: u64,
}

impl Behaviour for Flooder {
    fn conduct(&self) -> Conduct {
        Conduct::Flooder
    }

    fn instead(&mut self, _: &mut Scene<'_>, sending: Sending) -> Vec<Sending> {
        vec![sending]
    }

    fn beside(&mut self, scene: &mut Scene<'_>) -> Vec<Sending> {
        if scene.status.view != self.view {
            (self.view, self.sent) = (scene.status.view, 0);
        }
        let count = PER_STEP.min(PER_VIEW - self.sent);
        self.sent += count;
        let turns = self.turn..self.turn + count;
        self.turn += count;
        turns.filter_map(|turn| Some(Sending::to(other(scene)?, garbage(scene, turn)?))).collect()
    }
}

/// Any other replica.
fn other(scene: &mut Scene<'_>) -> Option<ReplicaId> {
    let others: Vec<ReplicaId> = scene.others().collect();
    scene.pick(&others)
}

/// `None` where it has not seen what that takes.
fn garbage(scene: &mut Scene<'_>, turn: u64) -> Option<Message> {
    Some(match turn % 8 {
        0 => Message::Vote(Vote { signature: scene.rubbish(), ..scene.vote(newest(scene)) }),
        1 => Message::Vote(Vote { voter: other(scene)?, ..scene.vote(newest(scene)) }),
        2 => {
            let ahead = BlockRef { view: far_view(scene), ..newest(scene) };
            Message::Vote(scene.vote(ahead))
        }
        3 => Message::Timeout(Timeout { signature: scene.rubbish(), ..timeout(scene, scene.status.view) }),
        4 => {
            let view = far_view(scene);
            Message::Timeout(timeout(scene, view))
        }
        5 => replayed(scene)?,
        6 => fetch_request(scene),
        _ => flipped(scene)?,
    })
}

fn newest(scene: &Scene<'_>) -> BlockRef {
    scene.lore.blocks().next_back().map_or(scene.status.high_qc, hotstuff_core::Block::reference)
}

fn far_view(scene: &mut Scene<'_>) -> View {
    View(scene.status.view.0 + scene.rng.within(2, FAR))
}

fn timeout(scene: &Scene<'_>, view: View) -> Timeout {
    scene.timeout((scene.status.epoch, view), scene.committee.genesis_qc().clone(), None)
}

/// Something that another replica said some time ago.
fn replayed(scene: &mut Scene<'_>) -> Option<Message> {
    let votes = scene.lore.votes().filter(|vote| vote.voter != scene.id).cloned().map(Message::Vote);
    let timeouts = scene.lore.timeouts().filter(|timeout| timeout.replica != scene.id).cloned();
    let blocks = scene.lore.blocks().map(|block| {
        let before = View(block.view().0.saturating_sub(1));
        Message::Proposal(Proposal { block: block.clone(), tc: scene.lore.tc(before).cloned() })
    });
    let said: Vec<Message> = votes.chain(timeouts.map(Message::Timeout)).chain(blocks).collect();
    scene.pick(&said)
}

fn fetch_request(scene: &mut Scene<'_>) -> Message {
    let above = Height([0, 1, scene.status.committed_head.height.0, u64::MAX][scene.within(3)]);
    let target = (scene.within(1) == 0).then(|| newest(scene));
    let epoch = Epoch([0, 1, u64::MAX][scene.within(2)]);
    Message::FetchRequest(FetchRequest { above, target, epoch })
}

/// Something true with one bit flipped, where it still reads as a message.
fn flipped(scene: &mut Scene<'_>) -> Option<Message> {
    let block = scene.lore.blocks().next_back().cloned()?;
    let high_qc: QuorumCertificate = scene.lore.qcs().next_back()?.clone();
    let vote = scene.vote(block.reference());
    let view = scene.status.view;
    let true_ones = [
        Message::Vote(vote),
        Message::Timeout(timeout(scene, view)),
        Message::NewView(NewView { high_qc, tc: None }),
        Message::Proposal(Proposal { block, tc: None }),
    ];
    let message = scene.pick(&true_ones)?;
    let mut bytes = wire::encode(&message);
    let at = scene.within(bytes.len() - 1);
    bytes[at] ^= 1 << scene.within(7);
    wire::decode(&bytes).ok()
}
