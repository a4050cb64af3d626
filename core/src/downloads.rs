//! The snapshots on their way here: at most one of each peer.
//!
//! One at a time is what a slow link carries best. But a peer that lets its snapshot drip, or sends one
//! that proves nothing, must not keep another's from coming: for each turn in which none has come on well,
//! one more may come beside those there are, up to one more than there are peers that may be faulty. None
//! ends because it is slow.

use crate::config::Config;
use crate::download::{Download, Progress, patience};
use crate::ids::{Height, ReplicaId, Span, Time};
use crate::snapshot::{SnapshotChunk, SnapshotRequest};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

#[derive(Clone, Debug, Default)]
pub(crate) struct Downloads {
    running: BTreeMap<ReplicaId, Download>,
    /// Who has offered a snapshot when there was no room for it.
    offered: BTreeSet<ReplicaId>,
    /// Since when none has come on well, but for short pauses without any: who ends one in time to begin the
    /// next must not keep others out.
    since: Time,
    /// How many eighths of a snapshot each peer has had counted as coming on well: eight at most, however
    /// often it begins anew, until one of its snapshots is whole and good.
    counted: BTreeMap<ReplicaId, u8>,
    /// When the last one ended.
    until: Time,
}

impl Downloads {
    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Whether a snapshot of `peer` is on its way.
    pub(crate) fn is_from(&self, peer: ReplicaId) -> bool {
        self.running.contains_key(&peer)
    }

    /// Whether another may begin, of `most` at once.
    pub(crate) fn has_room(&self, now: Time, config: &Config, most: usize) -> bool {
        let turns = (now - self.since).0 / turn(config).0;
        let allowed = if self.is_over(now, config) { 0 } else { usize::try_from(turns).unwrap_or(most) };
        self.running.len() < most.min(allowed.saturating_add(1))
    }

    /// Whether `peer` may have something of use that is not on its way: not who sends a snapshot, and not who
    /// offered one for which there still is no room.
    pub(crate) fn is_to_be_asked(&self, now: Time, config: &Config, most: usize, peer: ReplicaId) -> bool {
        !self.is_from(peer) && (!self.offered.contains(&peer) || self.has_room(now, config, most))
    }

    /// When a part is overdue.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.running.values().map(Download::deadline).min()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.running.values().map(Download::len).sum()
    }

    /// Begins one with its first part, which is to be added to it.
    pub(crate) fn begin(&mut self, now: Time, config: &Config, peer: ReplicaId, first: &SnapshotChunk) {
        if self.is_over(now, config) {
            self.since = now;
            self.counted.clear();
        }
        self.offered.remove(&peer);
        self.running.insert(peer, Download::new(now, first));
    }

    /// `peer` has offered one, and there is no room.
    pub(crate) fn note_offer(&mut self, peer: ReplicaId) {
        self.offered.insert(peer);
    }

    /// Takes a part in; `None` where there is none of `peer`.
    pub(crate) fn add(
        &mut self,
        now: Time,
        config: &Config,
        peer: ReplicaId,
        chunk: SnapshotChunk,
    ) -> Option<Progress> {
        let wait = self.wait(config);
        let download = self.running.get_mut(&peer)?;
        let progress = download.add(now, wait, config, chunk);
        let counted = self.counted.entry(peer).or_default();
        if download.eighths() > *counted {
            *counted = download.eighths();
            self.since = now;
        }
        Some(progress)
    }

    /// Who is to be asked again for which part, as it is overdue; for nothing where the peer is to be given up.
    pub(crate) fn overdue(
        &mut self,
        now: Time,
        config: &Config,
    ) -> Vec<(ReplicaId, Option<SnapshotRequest>)> {
        let wait = self.wait(config);
        let late = self.running.iter_mut().filter(|(_, download)| download.deadline() <= now);
        late.map(|(peer, download)| (*peer, download.overdue(now, wait))).collect()
    }

    /// The one of `peer` has come, and is what it should be: its next one counts as any.
    pub(crate) fn note_installed(&mut self, peer: ReplicaId) {
        self.counted.remove(&peer);
    }

    /// Ends the one of `peer`.
    pub(crate) fn end(&mut self, now: Time, peer: ReplicaId) {
        if self.running.remove(&peer).is_some() && self.running.is_empty() {
            self.until = now;
            self.offered.clear();
        }
    }

    /// Those that blocks, or another snapshot, have made useless: their states are not above `head`.
    pub(crate) fn overtaken(&self, head: Height) -> Vec<ReplicaId> {
        let useless = self.running.iter().filter(|(_, download)| download.height() <= head);
        useless.map(|(peer, _)| *peer).collect()
    }

    /// Ends those of peers that are gone.
    pub(crate) fn retain(&mut self, now: Time, is_there: impl Fn(ReplicaId) -> bool) {
        let gone: Vec<ReplicaId> = self.running.keys().filter(|peer| !is_there(**peer)).copied().collect();
        gone.into_iter().for_each(|peer| self.end(now, peer));
        self.counted.retain(|peer, _| is_there(*peer));
    }

    /// How long a part may take: those on their way share a link.
    fn wait(&self, config: &Config) -> Span {
        Span(patience(config).0.saturating_mul(self.running.len() as u64))
    }

    /// Whether there has been none for a while.
    fn is_over(&self, now: Time, config: &Config) -> bool {
        self.running.is_empty() && now - self.until > turn(config)
    }
}

/// How long none may have come on well before one more may come beside them.
fn turn(config: &Config) -> Span {
    Span(config.timeout_max_us.0.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// f+1 of seven.
    const MOST: usize = 3;
    const TURN: u64 = 2_000;

    fn config() -> Config {
        Config { timeout_max_us: Span(1_000), fetch_retry_us: Span(1), ..Config::default() }
    }

    fn begin(downloads: &mut Downloads, now: u64, peer: u16) {
        let first = SnapshotChunk::cut(
            &[1; 9],
            Height(10 + u64::from(peer)),
            SnapshotRequest { height: None, offset: 0 },
            3,
        );
        downloads.begin(Time(now), &config(), ReplicaId(peer), &first);
    }

    fn has_room(downloads: &Downloads, now: u64) -> bool {
        downloads.has_room(Time(now), &config(), MOST)
    }

    #[test]
    fn one_at_a_time_and_more_as_time_passes() {
        let mut downloads = Downloads::default();
        assert!(has_room(&downloads, 50_000));
        for (begun, peer) in [(50_000, 1), (50_000 + TURN, 2), (50_000 + 2 * TURN, 3)] {
            assert!(!has_room(&downloads, begun - 1) || peer == 1);
            assert!(has_room(&downloads, begun));
            begin(&mut downloads, begun, peer);
            assert!(!has_room(&downloads, begun));
        }
        assert!(!has_room(&downloads, 500_000), "one of them is honest");
    }

    /// Faulty peers end their downloads and begin new ones as it suits them.
    #[test]
    fn ending_and_beginning_in_turn_keeps_nobody_out() {
        let mut downloads = Downloads::default();
        for now in (50_000..50_000 + 2 * TURN).step_by(100) {
            let (ends, begins) = if now % 200 == 0 { (1, 2) } else { (2, 1) };
            downloads.end(Time(now), ReplicaId(ends));
            if has_room(&downloads, now) {
                begin(&mut downloads, now, begins);
            }
        }
        begin(&mut downloads, 50_000 + 2 * TURN, 1);
        begin(&mut downloads, 50_000 + 2 * TURN, 2);
        assert!(has_room(&downloads, 50_000 + 2 * TURN), "for an honest one beside the two");
    }

    fn part(downloads: &mut Downloads, now: u64, peer: u16, offset: u64, bytes: usize) {
        let height = Height(10 + u64::from(peer));
        let chunk = SnapshotChunk { height, total: 16, offset, bytes: alloc::vec![1; bytes] };
        if !downloads.is_from(ReplicaId(peer)) {
            downloads.begin(Time(now), &config(), ReplicaId(peer), &chunk);
        }
        downloads.add(Time(now), &config(), ReplicaId(peer), chunk);
    }

    #[test]
    fn one_that_comes_on_well_is_left_alone() {
        let mut downloads = Downloads::default();
        for eighth in 0..7 {
            let now = 50_000 + eighth * (TURN - 1);
            part(&mut downloads, now, 1, 2 * eighth, 1);
            assert!(!has_room(&downloads, now));
            part(&mut downloads, now, 1, 2 * eighth + 1, 1);
            assert!(!has_room(&downloads, now + TURN - 1), "{eighth}");
            assert!(has_room(&downloads, now + TURN), "{eighth}");
        }
    }

    #[test]
    fn beginning_anew_counts_as_coming_on_well_eight_times() {
        let mut downloads = Downloads::default();
        let mut now = 50_000;
        for _ in 0..3 {
            for eighth in 0..8 {
                now += TURN / 10;
                part(&mut downloads, now, 1, 2 * eighth, 2);
            }
            downloads.end(Time(now), ReplicaId(1));
        }
        part(&mut downloads, now, 1, 0, 2);
        assert!(has_room(&downloads, now), "a turn has passed since the first was whole");
    }

    #[test]
    fn peers_that_are_gone_take_up_no_room() {
        let mut downloads = Downloads::default();
        (1..4).for_each(|peer| begin(&mut downloads, 50_000, peer));
        downloads.retain(Time(50_001), |peer| peer == ReplicaId(2));
        assert_eq!([1, 2, 3].map(|peer| downloads.is_from(ReplicaId(peer))), [false, true, false]);
    }

    #[test]
    fn after_a_long_pause_it_is_one_at_a_time_again() {
        let mut downloads = Downloads::default();
        begin(&mut downloads, 50_000, 1);
        downloads.end(Time(90_000), ReplicaId(1));
        begin(&mut downloads, 90_000 + TURN, 1);
        assert!(has_room(&downloads, 90_000 + TURN), "a short pause");
        downloads.end(Time(100_000), ReplicaId(1));
        begin(&mut downloads, 100_001 + TURN, 1);
        assert!(!has_room(&downloads, 100_001 + TURN));
    }

    #[test]
    fn who_offered_one_in_vain_is_asked_when_there_is_room() {
        let mut downloads = Downloads::default();
        let is_asked = |downloads: &Downloads, now, peer| {
            downloads.is_to_be_asked(Time(now), &config(), MOST, ReplicaId(peer))
        };
        begin(&mut downloads, 50_000, 1);
        assert!(is_asked(&downloads, 50_000, 2), "it may have blocks");
        downloads.note_offer(ReplicaId(2));
        assert_eq!([1, 2, 3].map(|peer| is_asked(&downloads, 50_000, peer)), [false, false, true]);
        assert_eq!([1, 2, 3].map(|peer| is_asked(&downloads, 50_000 + TURN, peer)), [false, true, true]);
        downloads.end(Time(50_001), ReplicaId(1));
        assert_eq!([1, 2, 3].map(|peer| is_asked(&downloads, 50_001, peer)), [true; 3]);
    }

    #[test]
    fn what_the_head_has_reached_is_useless() {
        let mut downloads = Downloads::default();
        (1..4).for_each(|peer| begin(&mut downloads, 50_000, peer));
        assert_eq!(downloads.overtaken(Height(10)), []);
        assert_eq!(downloads.overtaken(Height(12)), [1, 2].map(ReplicaId));
    }
}
