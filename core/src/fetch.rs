//! Asking peers for missing blocks, chunk by chunk, until they are there (pitfall 23).

use crate::certificate::{BlockId, BlockRef};
use crate::config::Config;
use crate::ids::{Height, ReplicaId, Time};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// What is missing, if anything, and who has been asked for it.
#[derive(Clone, Default)]
pub(crate) struct Fetch {
    wanted: Option<Wanted>,
    /// Who was asked because it seems to be ahead, in an epoch unknown here, and whose answers have
    /// not helped since. One for each peer that there is a link to.
    hinted: BTreeMap<ReplicaId, Hint>,
    /// No such question before this time.
    hint_due: Time,
}

#[derive(Clone)]
struct Hint {
    /// Above which height it was asked, if it has not answered.
    asked_above: Option<Height>,
    /// How often in a row it was asked without help.
    failures: u32,
    /// No such question to this peer before this time.
    due: Time,
}

#[derive(Clone)]
struct Wanted {
    target: BlockRef,
    /// What each peer was asked for last and has not answered.
    asked: BTreeMap<ReplicaId, BlockId>,
    last_asked: Option<ReplicaId>,
    /// Who has been asked and has not led further; not asked again until all are here.
    aside: BTreeSet<ReplicaId>,
    /// How far the last answers led, above the committed head, and whose it was that led there.
    reached: Option<Height>,
    reached_by: Option<ReplicaId>,
    /// Counts questions, and with them the peers in turn; begins anywhere, so that not all
    /// laggards ask the same.
    turn: u64,
    /// How often in a row no answer helped.
    failures: u32,
    due: Time,
}

impl Fetch {
    /// Says which certified block is missing now. A new one may still arrive by itself, so nobody
    /// is asked at once. Returns what is no longer missing.
    pub(crate) fn want(&mut self, now: Time, config: &Config, target: Option<BlockRef>) -> Option<BlockRef> {
        let soon = now + config.fetch_retry_us;
        match (&mut self.wanted, target) {
            (None, None) => None,
            (None, Some(target)) => {
                self.wanted = Some(Wanted {
                    target,
                    asked: BTreeMap::new(),
                    last_asked: None,
                    aside: BTreeSet::new(),
                    reached: None,
                    reached_by: None,
                    turn: target.view.0,
                    failures: 0,
                    due: soon,
                });
                None
            }
            (Some(wanted), Some(target)) => {
                if wanted.target != target {
                    wanted.target = target;
                    // Earlier failures say nothing of this block; but a head that runs ahead does
                    // not put the next question off either.
                    wanted.due = wanted.due.min(soon);
                }
                None
            }
            (Some(wanted), None) => {
                let done = wanted.target;
                self.wanted = None;
                Some(done)
            }
        }
    }

    /// How many peers were asked because they seemed to be ahead, and have not helped since.
    pub(crate) fn hinted(&self) -> usize {
        self.hinted.len()
    }

    pub(crate) fn is_active(&self) -> bool {
        self.wanted.is_some()
    }

    /// When the next peer is to be asked.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.wanted.as_ref().map(|wanted| wanted.due)
    }

    /// Whom to ask at `now`, for what, and above which height, where answers led beyond the
    /// committed head: the peers in turn, but those set aside; less often the longer none helps.
    pub(crate) fn ask(
        &mut self,
        now: Time,
        config: &Config,
        peers: &[ReplicaId],
    ) -> Option<(ReplicaId, BlockRef, Option<Height>)> {
        let wanted = self.wanted.as_mut().filter(|wanted| wanted.due <= now)?;
        if let Some(silent) = wanted.last_asked.filter(|last| wanted.asked.contains_key(last)) {
            wanted.failures = wanted.failures.saturating_add(1);
            wanted.reached = None; // perhaps nobody else knows where the last answers led
            wanted.aside.insert(silent);
        }
        if peers.iter().all(|peer| wanted.aside.contains(peer)) {
            wanted.aside.clear();
        }
        let able: Vec<ReplicaId> =
            peers.iter().filter(|peer| !wanted.aside.contains(peer)).copied().collect();
        let count = u64::try_from(able.len()).ok().filter(|count| *count > 0)?;
        let peer = able[usize::try_from(wanted.turn % count).expect("a turn is below the number of peers")];
        wanted.turn = wanted.turn.wrapping_add(1);
        let rounds = u32::try_from(wanted.failures as usize / peers.len()).unwrap_or(u32::MAX);
        wanted.due = now + config.fetch_retry_us.backed_off(rounds, config.timeout_max_us);
        wanted.asked.insert(peer, wanted.target.id);
        wanted.last_asked = Some(peer);
        Some((peer, wanted.target, wanted.reached))
    }

    /// Whether `peer` was asked for `target`; its answer, however late, counts once.
    pub(crate) fn take_answer(&mut self, peer: ReplicaId, target: Option<BlockId>) -> bool {
        let Some(target) = target else {
            return self.take_hinted(peer);
        };
        let Some(wanted) = &mut self.wanted else { return false };
        let is_answer = wanted.asked.get(&peer) == Some(&target);
        if is_answer {
            wanted.asked.remove(&peer);
        }
        is_answer
    }

    /// Whether `peer` was asked for anything; as with [`take_answer`](Self::take_answer), once.
    pub(crate) fn take_any_answer(&mut self, peer: ReplicaId) -> bool {
        let was_asked = self.wanted.as_mut().is_some_and(|wanted| wanted.asked.remove(&peer).is_some());
        self.take_hinted(peer) || was_asked
    }

    fn take_hinted(&mut self, peer: ReplicaId) -> bool {
        self.hinted.get_mut(&peer).is_some_and(|hint| hint.asked_above.take().is_some())
    }

    /// After an answer that led further up than those before, the next peer is asked for more right
    /// away, above the last block that came. The committed head may be some blocks below, as a
    /// commit takes certified children: an answer smaller than that distance would bring nothing.
    ///
    /// One that led less far may have come late, to an earlier question: it undoes nothing. Where answers
    /// take longer than `fetch_retry_us` there are many of those. Its sender has had its turn all the same,
    /// or one that tells nothing but what is known could be asked for ever.
    ///
    /// After one that led nowhere, its sender is set aside, and the next peer is asked when the wait is
    /// over, from the committed head on: useless answers cannot make this replica ask as fast as
    /// the network carries. Returns whether that is to be told.
    pub(crate) fn note_answer(&mut self, now: Time, peer: ReplicaId, reached: Option<Height>) -> bool {
        if reached.is_some() {
            self.hinted.remove(&peer);
        }
        let Some(wanted) = &mut self.wanted else { return false };
        if reached > wanted.reached {
            wanted.due = now;
            wanted.failures = 0;
            (wanted.reached, wanted.reached_by) = (reached, Some(peer));
            wanted.aside.remove(&peer);
            wanted.last_asked = None; // the wait for it is not over
            return false;
        }
        let is_new = wanted.aside.insert(peer);
        if reached.is_some() {
            return false;
        }
        wanted.failures = wanted.failures.saturating_add(1);
        if wanted.reached.take().is_some() {
            wanted.aside.extend(wanted.reached_by.take()); // perhaps that led off the way
        }
        is_new
    }

    /// Takes note of an answer of blocks that are committed here by now: its sender has had its turn, and
    /// may be as good as any.
    pub(crate) fn note_overtaken(&mut self, peer: ReplicaId) {
        if let Some(wanted) = &mut self.wanted {
            wanted.aside.insert(peer);
        }
    }

    /// Whether a message of an unknown epoch from `peer` is reason to ask it for the blocks that
    /// lead there. Such a message cannot be checked, so it is answered by no more than one question
    /// in a while, to its sender alone, and the less often the longer that did not help: a peer that
    /// floods must not use up what another's message would lead to (pitfall 28).
    pub(crate) fn take_hint(&mut self, now: Time, config: &Config, peer: ReplicaId, above: Height) -> bool {
        let before = self.hinted.get(&peer);
        if self.is_active() || self.hint_due > now || before.is_some_and(|hint| hint.due > now) {
            return false;
        }
        let failures = before.map_or(0, |hint| hint.failures.saturating_add(1));
        let due = now + config.fetch_retry_us.backed_off(failures, config.timeout_max_us);
        self.hinted.insert(peer, Hint { asked_above: Some(above), failures, due });
        self.hint_due = now + config.fetch_retry_us;
        true
    }

    /// Above which height `peer` was asked because it seemed to be ahead, if it has not answered.
    pub(crate) fn hinted_above(&self, peer: ReplicaId) -> Option<Height> {
        self.hinted.get(&peer)?.asked_above
    }

    /// Asks `peer` on, above what its last answer led to: that was of help, and there may be more. Its
    /// next one counts once, as any.
    pub(crate) fn ask_on(&mut self, now: Time, config: &Config, peer: ReplicaId, above: Height) {
        let due = now + config.fetch_retry_us;
        self.hinted.insert(peer, Hint { asked_above: Some(above), failures: 0, due });
    }
}

/// The other members, in the order in which they are asked.
pub(crate) fn peers(ids: impl Iterator<Item = ReplicaId>, own: ReplicaId) -> Vec<ReplicaId> {
    ids.filter(|id| *id != own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Digest;
    use crate::ids::{Epoch, View};

    fn block(height: u64) -> BlockRef {
        BlockRef {
            epoch: Epoch(0),
            view: View(height),
            height: Height(height),
            id: Digest([height as u8; 32]),
        }
    }

    /// Three peers, whose answers take longer than `fetch_retry_us`, so that each is asked before the last
    /// one has answered.
    struct Slow {
        fetch: Fetch,
        config: Config,
        now: Time,
    }

    impl Slow {
        fn new() -> Self {
            let (mut fetch, config) = (Fetch::default(), Config::default());
            fetch.want(Time(0), &config, Some(block(40)));
            Self { fetch, config, now: Time(0) }
        }

        /// Waits until the next question is due, and returns whom it goes to and above which height.
        fn ask(&mut self) -> (ReplicaId, Option<Height>) {
            self.now = self.fetch.deadline().expect("something is missing");
            let peers = [1, 2, 3].map(ReplicaId);
            let (peer, _, reached) = self.fetch.ask(self.now, &self.config, &peers).expect("it is due");
            (peer, reached)
        }

        /// A peer answers; returns whether it is set aside.
        fn answer(&mut self, peer: ReplicaId, reached: Option<u64>) -> bool {
            assert!(self.fetch.take_answer(peer, Some(block(40).id)));
            self.fetch.note_answer(self.now, peer, reached.map(Height))
        }
    }

    #[test]
    fn late_answers_do_not_undo_what_better_ones_led_to() {
        let mut slow = Slow::new();
        let asked = [(); 3].map(|()| slow.ask());
        assert!(asked.iter().all(|(_, above)| above.is_none()));
        let [first, second, third] = asked.map(|(peer, _)| peer);
        assert!(!slow.answer(first, Some(9)));
        let (next, above) = slow.ask();
        assert_eq!((next, above), (first, Some(Height(9))), "more is asked for right away");
        for late in [second, third] {
            assert!(!slow.answer(late, Some(9)), "{late} is as good as any");
        }
        assert!(!slow.answer(first, Some(11)));
        let (next, above) = slow.ask();
        assert_eq!(above, Some(Height(11)));
        assert!(slow.answer(next, None), "it has nothing to go on with");
        assert_eq!(slow.ask().1, None, "from the committed head on");
    }

    #[test]
    fn who_was_set_aside_is_asked_again_when_the_others_keep_silent() {
        let mut slow = Slow::new();
        let (useless, _) = slow.ask();
        assert!(slow.answer(useless, None));
        let others = [(); 2].map(|()| slow.ask().0);
        assert!(!others.contains(&useless) && others[0] != others[1]);
        let mut again: Vec<ReplicaId> = [(); 3].map(|()| slow.ask().0).to_vec();
        again.sort_unstable();
        assert_eq!(again, [1, 2, 3].map(ReplicaId));
    }

    /// What a peer makes of a question.
    type Conduct = fn(&mut Slow, ReplicaId);

    #[test]
    fn nobody_keeps_the_others_from_being_asked() {
        let conducts: [(&str, Conduct); 4] = [
            ("keeps silent", |_, _| {}),
            ("answers uselessly", |slow, peer| {
                slow.answer(peer, None);
            }),
            ("tells what is known", |slow, peer| {
                slow.answer(peer, Some(9));
            }),
            ("tells what is committed", |slow, peer| {
                assert!(slow.fetch.take_answer(peer, Some(block(40).id)));
                slow.fetch.note_overtaken(peer);
            }),
        ];
        for (one, conduct) in conducts {
            for (other, conduct_of_others) in conducts {
                let mut slow = Slow::new();
                let mut turns = BTreeMap::new();
                for _ in 0..30 {
                    let (peer, _) = slow.ask();
                    *turns.entry(peer).or_insert(0) += 1;
                    let conduct = if peer == ReplicaId(2) { conduct } else { conduct_of_others };
                    conduct(&mut slow, peer);
                }
                assert!(
                    turns.len() == 3 && turns.values().all(|count| *count > 5),
                    "{one}, {other}: {turns:?}"
                );
            }
        }
    }

    /// A peer leads off the way each time it is asked from the committed head; the others know no more of
    /// that, and would help if they were asked from there.
    #[test]
    fn one_who_leads_off_the_way_does_not_keep_the_others_from_helping() {
        for (first, corrupt) in (40..46).flat_map(|view| (1..4).map(move |peer| (view, ReplicaId(peer)))) {
            let mut slow = Slow::new();
            slow.fetch = Fetch::default();
            let target = BlockRef { view: View(first), ..block(40) };
            slow.fetch.want(Time(0), &slow.config, Some(target));
            let is_helped = (0..30).any(|_| match slow.ask() {
                (peer, None) if peer != corrupt => true,
                (peer, above) => {
                    slow.answer(peer, (peer == corrupt && above.is_none()).then_some(9));
                    false
                }
            });
            assert!(is_helped, "{corrupt} from turn {first} on");
        }
    }

    #[test]
    fn a_silent_peer_costs_one_wait() {
        let mut slow = Slow::new();
        let (first, _) = slow.ask();
        assert!(!slow.answer(first, Some(9)));
        let (silent, above) = slow.ask();
        assert_eq!(above, Some(Height(9)));
        let (next, above) = slow.ask();
        assert!(next != silent && above.is_none(), "perhaps nobody else knows where that led");
    }
}
