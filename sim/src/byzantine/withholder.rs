//! Does everything but vote, so that leaders wait for it in vain.

use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::Message;

pub(super) struct Withholder;

impl Behaviour for Withholder {
    fn conduct(&self) -> Conduct {
        Conduct::WithholdVotes
    }

    fn instead(&mut self, _: &mut Scene<'_>, mut sending: Sending) -> Vec<Sending> {
        match &mut sending.message {
            Message::Vote(_) => return Vec::new(),
            Message::Timeout(timeout) => timeout.last_vote = None,
            _ => {}
        }
        vec![sending]
    }
}
