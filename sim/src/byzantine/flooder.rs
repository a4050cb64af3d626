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

#[derive(Clone, Default)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byzantine::stage::Stage;
    use hotstuff_core::message::MessageKind;
    use hotstuff_core::{CommitRule, Event, Refusal};
    use std::collections::{BTreeMap, BTreeSet};

    fn staged() -> Stage {
        let mut stage = Stage::new(CommitRule::ThreeChain, Conduct::Flooder);
        stage.run(8_000);
        stage
    }

    #[test]
    fn garbage_of_all_kinds_is_refused() {
        let stage = staged();
        let mut refused = BTreeSet::new();
        for (_, event) in stage.told() {
            if let Event::MessageRefused { from, kind: Some(kind), why } = event {
                assert_eq!(*from, stage.corrupt.replica);
                refused.insert((*kind, matches!(why, Refusal::BadSignature(_))));
            }
        }
        for kind in [MessageKind::Vote, MessageKind::Timeout, MessageKind::Proposal] {
            assert!(refused.contains(&(kind, true)), "{kind} with a bad signature: {refused:?}");
        }
        let claimed: BTreeSet<_> = stage
            .refusals()
            .filter_map(|why| match why {
                Refusal::BadSignature(replica) => Some(*replica),
                _ => None,
            })
            .collect();
        assert_eq!(claimed.len(), 4, "in everyone's name");
        let requests = stage.said().filter(|sent| matches!(sent.message, Message::FetchRequest(_)));
        assert!(requests.count() > 50);
        let is_far = |message: &Message| match message {
            Message::Vote(vote) => vote.block.view > View(1_000_000),
            Message::Timeout(timeout) => timeout.view > View(1_000_000),
            _ => false,
        };
        assert!(stage.said().filter(|sent| is_far(&sent.message)).count() > 100);
    }

    #[test]
    fn the_flood_has_bounds() {
        let stage = staged();
        let mut by_step: BTreeMap<u64, u64> = BTreeMap::new();
        for sent in stage.said() {
            *by_step.entry(sent.step).or_default() += 1;
        }
        // What its core sends in a step is a message or two to each of the three others.
        assert!(by_step.values().all(|count| *count <= PER_STEP + 6), "{by_step:?}");
        let views = stage.sim.hosts().map(|host| host.status.view.0).max().unwrap();
        let honest = stage.sent.len() as u64 - stage.said().count() as u64;
        let all = stage.said().count() as u64;
        assert!(all > views, "there is a flood: {all} in {views} views");
        assert!(all < PER_VIEW * views + honest, "{all} messages in {views} views");
    }
}
