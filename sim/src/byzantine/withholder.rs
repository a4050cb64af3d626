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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byzantine::stage::Stage;
    use hotstuff_core::CommitRule;

    #[test]
    fn its_votes_stay_with_it_and_its_blocks_do_not() {
        let mut stage = Stage::new(CommitRule::ThreeChain, Conduct::WithholdVotes);
        stage.run(1_000).isolate(1);
        stage.run(3_000);
        let (mut proposals, mut timeouts) = (0, 0);
        for sent in stage.said() {
            match &sent.message {
                Message::Vote(vote) => panic!("a vote: {vote:?}"),
                Message::Timeout(timeout) => {
                    assert_eq!(timeout.last_vote, None);
                    timeouts += 1;
                }
                Message::Proposal(_) => proposals += 1,
                _ => {}
            }
        }
        assert!(proposals > 10 && timeouts > 0, "{proposals} proposals, {timeouts} timeouts");
    }
}
