//! Asking peers for missing blocks, chunk by chunk, until they are there (pitfall 23).

use crate::certificate::{BlockId, BlockRef};
use crate::config::Config;
use crate::download::{PATIENCE_EXPONENT, patience};
use crate::ids::{Height, ReplicaId, Span, Time};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

/// How many questions to one peer may wait for their answers.
const ASKED_MAX: usize = 64;

/// What is missing, if anything, and who has been asked for it.
#[derive(Clone, Default)]
pub(crate) struct Fetch {
    wanted: Option<Wanted>,
    /// Who was asked because it seems to be ahead, in an epoch unknown here. One for each peer that there
    /// is a link to.
    hinted: BTreeMap<ReplicaId, Hint>,
    /// No such question before this time.
    hint_due: Time,
}

/// Where an answer led.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Led {
    /// How far up, above the committed head; nowhere where it was of no use.
    pub(crate) to: Option<Height>,
    /// Whether any of its blocks was new.
    pub(crate) is_new: bool,
}

impl Led {
    /// An answer of no use.
    pub(crate) const NOWHERE: Self = Self { to: None, is_new: false };
}

#[derive(Clone)]
struct Hint {
    /// Above which height it was asked, if it has not answered.
    asked_above: Option<Height>,
    /// How often in a row its messages led to no new block.
    failures: u32,
    /// No such question to this peer before this time.
    due: Time,
}

#[derive(Clone)]
struct Wanted {
    target: BlockRef,
    /// Since when it is this one.
    heard: Time,
    /// What each peer was asked for and has not answered, by time of asking. The target moves on, and an
    /// answer may take longer than that.
    asked: BTreeMap<ReplicaId, VecDeque<BlockId>>,
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
    /// How many there were to be asked the last time.
    peers: u32,
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
                    heard: now,
                    asked: BTreeMap::new(),
                    last_asked: None,
                    aside: BTreeSet::new(),
                    reached: None,
                    reached_by: None,
                    turn: target.view.0,
                    failures: 0,
                    peers: 1,
                    due: soon,
                });
                None
            }
            (Some(wanted), Some(target)) => {
                if wanted.target != target {
                    wanted.target = target;
                    // After a pause it may mean that the network is back; but a head that runs ahead must
                    // not make questions as frequent as blocks.
                    if now - wanted.heard >= patience(config) {
                        wanted.due = wanted.due.min(soon);
                        wanted.failures = wanted.failures.min(wanted.peers.saturating_mul(PATIENCE_EXPONENT));
                    }
                    wanted.heard = now;
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

    /// How many peers have been asked because they seemed to be ahead.
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

    /// Whom of `peers` to ask at `now`, for what, and above which height, where answers led beyond the
    /// committed head: the peers in turn, but those set aside; less often the longer none helps, and while
    /// a snapshot is on its way.
    pub(crate) fn ask(
        &mut self,
        now: Time,
        config: &Config,
        peers: &[ReplicaId],
        is_downloading: bool,
    ) -> Option<(ReplicaId, BlockRef, Option<Height>)> {
        let wanted = self.wanted.as_mut().filter(|wanted| wanted.due <= now)?;
        if let Some(silent) = wanted.last_asked.filter(|last| wanted.asked.contains_key(last)) {
            wanted.failures = wanted.failures.saturating_add(1);
            wanted.reached = None; // perhaps nobody else knows where the last answers led
            wanted.aside.insert(silent);
        }
        wanted.peers = u32::try_from(peers.len()).unwrap_or(u32::MAX).max(1);
        let rounds = wanted.failures / wanted.peers;
        let wait = if is_downloading { patience(config) } else { config.fetch_retry_us };
        wanted.due = now + wait.backed_off(rounds, config.timeout_max_us);
        if peers.iter().all(|peer| wanted.aside.contains(peer)) {
            wanted.aside.clear();
        }
        let able: Vec<ReplicaId> =
            peers.iter().filter(|peer| !wanted.aside.contains(peer)).copied().collect();
        let count = u64::try_from(able.len()).ok().filter(|count| *count > 0)?;
        let peer = able[usize::try_from(wanted.turn % count).expect("a turn is below the number of peers")];
        wanted.turn = wanted.turn.wrapping_add(1);
        let asked = wanted.asked.entry(peer).or_default();
        asked.push_back(wanted.target.id);
        if asked.len() > ASKED_MAX {
            asked.pop_front();
        }
        wanted.last_asked = Some(peer);
        Some((peer, wanted.target, wanted.reached))
    }

    /// Whether `peer` was asked for `target`; its answer, however late, counts once, and those to earlier
    /// questions come no more.
    pub(crate) fn take_answer(&mut self, peer: ReplicaId, target: Option<BlockId>) -> bool {
        let Some(target) = target else {
            return self.take_hinted(peer);
        };
        let Some(wanted) = &mut self.wanted else { return false };
        let Some(asked) = wanted.asked.get_mut(&peer) else { return false };
        let Some(position) = asked.iter().position(|one| *one == target) else { return false };
        asked.drain(..=position);
        wanted.asked.retain(|_, asked| !asked.is_empty());
        true
    }

    /// Whether `peer` was asked for anything; its answer is taken for one to all it was asked.
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
    /// Only new blocks undo earlier failures, and by halves: where answers take longer than the wait, it
    /// comes to what they take.
    ///
    /// One that led less far may have come late, to an earlier question: it undoes nothing. Where answers
    /// take longer than `fetch_retry_us` there are many of those. Its sender has had its turn all the same,
    /// or one that tells nothing but what is known could be asked for ever.
    ///
    /// After one that led nowhere, its sender is set aside, and the next peer is asked when the wait is
    /// over, from the committed head on: useless answers cannot make this replica ask as fast as
    /// the network carries. Returns whether that is to be told.
    pub(crate) fn note_answer(&mut self, now: Time, peer: ReplicaId, led: Led) -> bool {
        let Led { to: reached, is_new } = led;
        let Some(wanted) = &mut self.wanted else { return false };
        if is_new {
            wanted.failures /= 2;
        }
        if reached > wanted.reached {
            wanted.due = now;
            (wanted.reached, wanted.reached_by) = (reached, Some(peer));
            wanted.aside.remove(&peer);
            wanted.last_asked = None; // the wait for it is not over
            return false;
        }
        let is_new_aside = wanted.aside.insert(peer);
        if !is_new {
            wanted.failures = wanted.failures.saturating_add(1);
        }
        if reached.is_some() {
            return false;
        }
        if wanted.reached.take().is_some() {
            wanted.aside.extend(wanted.reached_by.take()); // perhaps that led off the way
        }
        is_new_aside
    }

    /// An answer of no use, whose sender may be as good as any: blocks that are committed here by now, or a
    /// snapshot beside those on their way. It has had its turn.
    pub(crate) fn note_turn(&mut self, peer: ReplicaId) {
        if let Some(wanted) = &mut self.wanted {
            wanted.failures = wanted.failures.saturating_add(1);
            wanted.aside.insert(peer);
        }
    }

    /// A snapshot begins to come: what else may help is asked for less often.
    pub(crate) fn note_download(&mut self, now: Time, config: &Config) {
        if let Some(wanted) = &mut self.wanted {
            wanted.last_asked = None;
            wanted.due = now + patience(config);
        }
    }

    /// The snapshot of `peer` has come or is given up: what is still missing others are asked for, at once.
    pub(crate) fn note_download_ended(&mut self, now: Time, peer: ReplicaId) {
        if let Some(wanted) = &mut self.wanted {
            wanted.aside.insert(peer);
            wanted.due = now;
        }
    }

    /// An answer to a question that a hint of `peer` led to.
    pub(crate) fn note_hint_answer(&mut self, peer: ReplicaId, led: Led) {
        if let Some(hint) = self.hinted.get_mut(&peer).filter(|_| led.is_new) {
            hint.failures = 0;
        }
    }

    /// The committees have changed: hints are of other epochs than before.
    pub(crate) fn forget_hints(&mut self, is_known: impl Fn(ReplicaId) -> bool) {
        self.hinted.retain(|peer, hint| hint.asked_above.is_some() || is_known(*peer));
        self.hinted.values_mut().for_each(|hint| hint.failures = 0);
    }

    /// Whether a message of an unknown epoch from `peer` is reason to ask it for the blocks that
    /// lead there. Such a message cannot be checked, so it is answered by no more than one question
    /// in a while, to its sender alone, and the less often the longer that did not help: a peer that
    /// floods must not use up what another's message would lead to (pitfall 28): of as many questions
    /// as there are `peers`, each gets one at most. Fewer while a block is missing or a snapshot on its way,
    /// which may be all that is needed.
    pub(crate) fn take_hint(
        &mut self,
        now: Time,
        config: &Config,
        peer: ReplicaId,
        above: Height,
        peers: u32,
        is_downloading: bool,
    ) -> bool {
        let before = self.hinted.get(&peer);
        if self.hint_due > now || before.is_some_and(|hint| hint.due > now) {
            return false;
        }
        let is_busy = is_downloading || self.is_active();
        let wait = if is_busy { patience(config) } else { config.fetch_retry_us };
        let failures = before.map_or(0, |hint| hint.failures.saturating_add(1));
        let round = Span(wait.0.saturating_mul(peers.into()));
        let due = now + wait.backed_off(failures, config.timeout_max_us).max(round);
        self.hinted.insert(peer, Hint { asked_above: Some(above), failures, due });
        self.hint_due = now + wait;
        true
    }

    /// Above which height `peer` was asked because it seemed to be ahead, if it has not answered.
    pub(crate) fn hinted_above(&self, peer: ReplicaId) -> Option<Height> {
        self.hinted.get(&peer)?.asked_above
    }

    /// `peer` is asked on, above what its last answer led to: there may be more. Its next one counts once, as
    /// any; when a hint of it counts again stays as it was.
    pub(crate) fn ask_on(&mut self, peer: ReplicaId, above: Height) {
        if let Some(hint) = self.hinted.get_mut(&peer) {
            hint.asked_above = Some(above);
        }
    }
}

#[cfg(test)]
mod hint_tests;
#[cfg(test)]
mod tests;
