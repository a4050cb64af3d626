//! Asking peers for missing blocks, one at a time and for ever until they come (pitfall 23).

use crate::certificate::{BlockId, BlockRef};
use crate::config::Config;
use crate::ids::{Height, ReplicaId, Time};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The certified block that is missing, if any, and who has been asked for it.
#[derive(Default)]
pub(crate) struct Fetch {
    wanted: Option<Wanted>,
}

struct Wanted {
    target: BlockRef,
    /// What each peer was asked for last and has not answered.
    asked: BTreeMap<ReplicaId, BlockId>,
    last_asked: Option<ReplicaId>,
    /// How far the last answers led, above the committed head.
    reached: Option<Height>,
    /// Which peer is asked first, so that not all laggards ask the same.
    first_turn: u64,
    attempts: u32,
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
                    reached: None,
                    first_turn: target.view.0,
                    attempts: 0,
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

    pub(crate) fn is_active(&self) -> bool {
        self.wanted.is_some()
    }

    /// When the next peer is to be asked.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.wanted.as_ref().map(|wanted| wanted.due)
    }

    /// Whom to ask at `now`, for what, and above which height, where answers led beyond the
    /// committed head: the peers in turn, less often with each round.
    pub(crate) fn ask(
        &mut self,
        now: Time,
        config: &Config,
        peers: &[ReplicaId],
    ) -> Option<(ReplicaId, BlockRef, Option<Height>)> {
        let wanted = self.wanted.as_mut().filter(|wanted| wanted.due <= now)?;
        let count = u64::try_from(peers.len()).ok().filter(|count| *count > 0)?;
        let turn = wanted.first_turn.wrapping_add(wanted.attempts.into()) % count;
        let peer = peers[usize::try_from(turn).expect("a turn is below the number of peers")];
        let rounds = u64::from(wanted.attempts) / count;
        wanted.attempts = wanted.attempts.saturating_add(1);
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
        wanted.due = now + config.fetch_retry_us.backed_off(rounds, config.timeout_max_us);
        if wanted.last_asked.is_some_and(|last| wanted.asked.contains_key(&last)) {
            wanted.reached = None; // no answer: perhaps nobody else knows where the last ones led
        }
        wanted.asked.insert(peer, wanted.target.id);
        wanted.last_asked = Some(peer);
        Some((peer, wanted.target, wanted.reached))
    }

    /// Whether `peer` was asked for `target`; its answer, however late, counts once.
    pub(crate) fn take_answer(&mut self, peer: ReplicaId, target: &BlockId) -> bool {
        let Some(wanted) = &mut self.wanted else { return false };
        let is_answer = wanted.asked.get(&peer) == Some(target);
        if is_answer {
            wanted.asked.remove(&peer);
        }
        is_answer
    }

    /// After an answer that led further up than those before, the same peer is asked for more right
    /// away, above the last block that came. The committed head may be some blocks below, as a
    /// commit takes certified children: an answer smaller than that distance would bring nothing.
    ///
    /// After one that did not, the next peer is asked when the wait is over, from the committed
    /// head on: useless answers cannot make this replica ask as fast as the network carries.
    pub(crate) fn note_answer(&mut self, now: Time, reached: Option<Height>) {
        let Some(wanted) = &mut self.wanted else { return };
        if reached > wanted.reached {
            wanted.due = now;
            wanted.attempts = wanted.attempts.saturating_sub(1);
            wanted.reached = reached;
        } else {
            wanted.reached = None;
        }
    }
}

/// All members but `own`, in order.
pub(crate) fn peers(ids: impl Iterator<Item = ReplicaId>, own: ReplicaId) -> Vec<ReplicaId> {
    ids.filter(|id| *id != own).collect()
}
