//! Asking peers for missing blocks, one at a time and for ever until they come (pitfall 23).

use crate::certificate::BlockRef;
use crate::config::Config;
use crate::ids::{Height, ReplicaId, Time};
use alloc::vec::Vec;

/// The certified block that is missing, if any, and who has been asked for it.
#[derive(Default)]
pub(crate) struct Fetch {
    wanted: Option<Wanted>,
}

struct Wanted {
    target: BlockRef,
    asked: Option<(ReplicaId, BlockRef)>,
    /// How far the last answers led, above the committed head.
    reached: Option<Height>,
    attempts: u32,
    due: Time,
}

impl Fetch {
    /// Says which certified block is missing now. A new one may still arrive by itself, so nobody
    /// is asked at once. Returns what is no longer missing.
    pub(crate) fn want(&mut self, now: Time, config: &Config, target: Option<BlockRef>) -> Option<BlockRef> {
        match (&mut self.wanted, target) {
            (None, None) => None,
            (None, Some(target)) => {
                let due = now + config.fetch_retry_us;
                self.wanted = Some(Wanted { target, asked: None, reached: None, attempts: 0, due });
                None
            }
            (Some(wanted), Some(target)) => {
                wanted.target = target;
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
        let count = u32::try_from(peers.len()).ok().filter(|count| *count > 0)?;
        let turn = (wanted.target.view.0 % u64::from(count)) as u32;
        let peer = peers[(wanted.attempts.wrapping_add(turn) % count) as usize];
        let rounds = wanted.attempts / count;
        wanted.attempts = wanted.attempts.wrapping_add(1);
        wanted.due = now + config.fetch_retry_us.backed_off(rounds, config.timeout_max_us);
        if wanted.asked.is_some() {
            wanted.reached = None; // no answer: perhaps nobody else knows where the last ones led
        }
        wanted.asked = Some((peer, wanted.target));
        Some((peer, wanted.target, wanted.reached))
    }

    /// Whether `peer` was asked for `target` last; its answer counts once.
    pub(crate) fn take_answer(&mut self, peer: ReplicaId, target: &crate::BlockId) -> bool {
        let Some(wanted) = &mut self.wanted else { return false };
        let is_answer = wanted.asked.is_some_and(|(asked, block)| asked == peer && block.id == *target);
        if is_answer {
            wanted.asked = None;
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
