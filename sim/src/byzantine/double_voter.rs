//! Votes for every block it sees, whatever it voted for or gave up before, and tells all.

use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::Message;

/// How many blocks it has voted for.
#[derive(Default)]
pub(super) struct DoubleVoter(u64);

impl Behaviour for DoubleVoter {
    fn conduct(&self) -> Conduct {
        Conduct::DoubleVoter
    }

    /// Its core's votes are among those that it sends to all.
    fn instead(&mut self, _: &mut Scene<'_>, sending: Sending) -> Vec<Sending> {
        if matches!(sending.message, Message::Vote(_)) { Vec::new() } else { vec![sending] }
    }

    fn beside(&mut self, scene: &mut Scene<'_>) -> Vec<Sending> {
        let new = scene.lore.blocks_since(self.0);
        let votes = new.map(|block| Sending::all(Message::Vote(scene.vote(block.reference())))).collect();
        self.0 = scene.lore.noted();
        votes
    }
}
