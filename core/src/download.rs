//! A snapshot on its way here from one peer, part by part: what is asked for next, what is asked for
//! again, and when the peer is given up.

use crate::config::Config;
use crate::ids::{Height, Span, Time};
use crate::snapshot::{SnapshotChunk, SnapshotRequest};
use alloc::vec::Vec;

/// How often the wait for a part of a snapshot is doubled: it is larger than a chunk of blocks.
pub(crate) const PATIENCE_EXPONENT: u32 = 4;
/// How often in a row a part is asked for again.
const REPEATS_MAX: u32 = 3;

/// What has come of a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    height: Height,
    total: u64,
    bytes: Vec<u8>,
    /// How often in a row the next part has been asked for again.
    repeats: u32,
    /// How often the wait has been doubled: what a slow link has taught is kept for the next parts.
    slowness: u32,
    /// How many answers to repeated questions have not come.
    owed: u32,
    /// When the next part is overdue.
    due: Time,
}

/// What a part led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More is to be asked for.
    Next(SnapshotRequest),
    /// That was the last part.
    Whole(Vec<u8>),
    /// The part is here already: it was asked for twice, or the network has repeated it.
    Repeated,
    /// The part does not continue what is here.
    Useless,
}

impl Download {
    /// A download that begins with `chunk`, which is to be added to it.
    pub(crate) fn new(now: Time, chunk: &SnapshotChunk) -> Self {
        let (height, total) = (chunk.height, chunk.total);
        Self { height, total, bytes: Vec::new(), repeats: 0, slowness: 0, owed: 0, due: now }
    }

    /// What to ask for next.
    fn request(&self) -> SnapshotRequest {
        SnapshotRequest { height: Some(self.height), offset: self.bytes.len() as u64 }
    }

    /// The height of the state that it is to bring.
    pub(crate) fn height(&self) -> Height {
        self.height
    }

    /// How many eighths of it are here.
    pub(crate) fn eighths(&self) -> u8 {
        let eighths = (self.bytes.len() as u64).saturating_mul(8) / self.total.max(1);
        u8::try_from(eighths).unwrap_or(8)
    }

    /// Bytes held.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// When [`overdue`](Self::overdue) has something to say.
    pub(crate) fn deadline(&self) -> Time {
        self.due
    }

    /// Takes a part in. The next one may take `wait`, as others may be on their way.
    pub(crate) fn add(&mut self, now: Time, wait: Span, config: &Config, chunk: SnapshotChunk) -> Progress {
        let is_later =
            chunk.offset == 0 && chunk.height > self.height && chunk.total <= config.snapshot_bytes;
        if is_later {
            (self.height, self.total) = (chunk.height, chunk.total);
            self.bytes.clear();
        }
        let held = self.bytes.len() as u64;
        if chunk.bytes.is_empty() {
            return Progress::Useless;
        }
        let end = chunk.offset.saturating_add(chunk.bytes.len() as u64);
        let is_of_this = (chunk.height, chunk.total) == (self.height, self.total);
        if chunk.height < self.height || (is_of_this && end <= held) {
            self.note_repeated(now, wait);
            return Progress::Repeated;
        }
        if !is_of_this || chunk.offset > held || end > self.total {
            return Progress::Useless;
        }
        let known = usize::try_from(held - chunk.offset).expect("no more than the part has");
        self.bytes.extend(&chunk.bytes[known..]);
        if self.bytes.len() as u64 == self.total {
            return Progress::Whole(core::mem::take(&mut self.bytes));
        }
        self.repeats = 0;
        self.wait(now, wait);
        Progress::Next(self.request())
    }

    /// What to ask for again when the next part is overdue; nothing where the peer is to be given up.
    pub(crate) fn overdue(&mut self, now: Time, wait: Span) -> Option<SnapshotRequest> {
        if self.repeats == REPEATS_MAX {
            return None;
        }
        self.repeats += 1;
        self.owed += 1;
        self.slowness = (self.slowness + 1).min(REPEATS_MAX);
        self.wait(now, wait);
        Some(self.request())
    }

    /// The answer to a repeated question came too: the link is slow, and what was asked for since stands
    /// behind it.
    fn note_repeated(&mut self, now: Time, wait: Span) {
        if self.owed > 0 {
            self.owed -= 1;
            self.wait(now, wait);
        }
    }

    fn wait(&mut self, now: Time, wait: Span) {
        self.due = now + Span(wait.0.saturating_mul(1 << self.slowness));
    }
}

/// How long a part may take, and how often others are asked for blocks meanwhile.
pub(crate) fn patience(config: &Config) -> Span {
    config.fetch_retry_us.backed_off(PATIENCE_EXPONENT, config.timeout_max_us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;

    const WAIT: u64 = 16;

    /// Parts of eight bytes, each of which may take [`WAIT`].
    fn config() -> Config {
        let (fetch_retry_us, timeout_max_us) = (Span(1), Span(10_000));
        Config { fetch_retry_us, timeout_max_us, snapshot_chunk_bytes: 8, ..Config::default() }
    }

    fn request(height: u64, offset: u64) -> SnapshotRequest {
        SnapshotRequest { height: Some(Height(height)), offset }
    }

    fn begun(encoded: &[u8], at: u64) -> Download {
        let chunk = SnapshotChunk::cut(encoded, Height(5), request(5, 0), 8);
        let mut download = Download::new(Time(at), &chunk);
        assert_eq!(download.add(Time(at), Span(WAIT), &config(), chunk), Progress::Next(request(5, 8)));
        download
    }

    #[test]
    fn what_is_cut_comes_together_again() {
        let encoded: Vec<u8> = (0..100).collect();
        let mut download = begun(&encoded, 0);
        let mut next = request(5, 8);
        loop {
            let chunk = SnapshotChunk::cut(&encoded, Height(5), next, 8);
            match download.add(Time(0), Span(WAIT), &config(), chunk) {
                Progress::Next(request) => next = request,
                progress => return assert_eq!(progress, Progress::Whole(encoded)),
            }
        }
    }

    #[test]
    fn parts_that_do_not_continue_are_of_no_use() {
        let encoded = [1; 20];
        let chunk = |height, offset| SnapshotChunk::cut(&encoded, Height(height), request(height, offset), 8);
        let mut download = begun(&encoded, 0);
        let too_long = SnapshotChunk { bytes: Vec::from([1; 13]), ..chunk(5, 8) };
        let of_another_size = SnapshotChunk { total: 21, ..chunk(5, 8) };
        let wrong =
            [chunk(5, 16), chunk(6, 8), chunk(5, 99), SnapshotChunk::none(), too_long, of_another_size];
        for chunk in wrong {
            assert_eq!(download.add(Time(0), Span(WAIT), &config(), chunk), Progress::Useless);
        }
        assert_eq!(download.add(Time(0), Span(WAIT), &config(), chunk(5, 0)), Progress::Repeated);
        assert_eq!(download.len(), 8);
        let straddling = SnapshotChunk::cut(&encoded, Height(5), request(5, 4), 8);
        assert_eq!(download.add(Time(0), Span(WAIT), &config(), straddling), Progress::Next(request(5, 12)));
        assert_eq!(download.bytes, [1; 12]);
    }

    #[test]
    fn a_later_snapshot_takes_its_place() {
        let encoded = [1; 20];
        let first = |height| SnapshotChunk::cut(&encoded, Height(height), request(height, 0), 8);
        let mut download = begun(&encoded, 0);
        assert_eq!(
            download.add(Time(0), Span(WAIT), &config(), first(4)),
            Progress::Repeated,
            "of one before, late"
        );
        let too_large = SnapshotChunk { total: config().snapshot_bytes + 1, ..first(6) };
        assert_eq!(download.add(Time(0), Span(WAIT), &config(), too_large), Progress::Useless);
        for height in 6..9 {
            assert_eq!(
                download.add(Time(9), Span(WAIT), &config(), first(height)),
                Progress::Next(request(height, 8))
            );
        }
    }

    #[test]
    fn an_overdue_part_is_asked_for_again_a_few_times() {
        // Much is here already: what came quickly does not buy the peer a long silence.
        let encoded = [1; 800];
        let mut download = begun(&encoded, 0);
        for offset in (8..792).step_by(8) {
            let chunk = SnapshotChunk::cut(&encoded, Height(5), request(5, offset), 8);
            assert_eq!(
                download.add(Time(0), Span(WAIT), &config(), chunk),
                Progress::Next(request(5, offset + 8))
            );
        }
        for waits in [1, 3, 7] {
            assert_eq!(download.deadline(), Time(waits * WAIT));
            assert_eq!(download.overdue(Time(waits * WAIT), Span(WAIT)), Some(request(5, 792)));
        }
        assert_eq!(download.deadline(), Time(15 * WAIT));
        assert_eq!(download.overdue(Time(15 * WAIT), Span(WAIT)), None);
    }

    #[test]
    fn a_part_that_comes_after_all_starts_the_count_anew() {
        let encoded = [1; 80];
        let mut download = begun(&encoded, 0);
        for offset in [8, 16, 24] {
            for _ in 0..3 {
                assert_eq!(download.overdue(Time(0), Span(WAIT)), Some(request(5, offset)));
            }
            let chunk = SnapshotChunk::cut(&encoded, Height(5), request(5, offset), 8);
            assert_eq!(
                download.add(Time(0), Span(WAIT), &config(), chunk),
                Progress::Next(request(5, offset + 8))
            );
        }
    }

    /// How many parts a link carries that takes `part_time` for each, one after the other, until all 50 are
    /// here; `None` where the peer is given up.
    fn carried(part_time: u64) -> Option<u64> {
        let encoded = [1; 400];
        let mut download = begun(&encoded, 0);
        let mut arrivals = VecDeque::from([(part_time, request(5, 8))]);
        let (mut free_at, mut sent) = (part_time, 2);
        loop {
            let (arrives, asked) = *arrivals.front()?;
            let (now, next) = if download.deadline().0 < arrives {
                let now = download.deadline().0;
                (now, Some(download.overdue(Time(now), Span(WAIT))?))
            } else {
                arrivals.pop_front();
                let chunk = SnapshotChunk::cut(&encoded, Height(5), asked, 8);
                match download.add(Time(arrives), Span(WAIT), &config(), chunk) {
                    Progress::Next(next) => (arrives, Some(next)),
                    Progress::Whole(_) => return Some(sent),
                    Progress::Repeated => (arrives, None),
                    Progress::Useless => return None,
                }
            };
            if let Some(next) = next {
                free_at = free_at.max(now) + part_time;
                arrivals.push_back((free_at, next));
                sent += 1;
            }
        }
    }

    #[test]
    fn a_slow_link_is_not_filled_with_repeats() {
        for part_time in 1..=6 * WAIT {
            let sent = carried(part_time);
            assert!(sent.is_some_and(|sent| sent <= 56), "{part_time}: {sent:?} parts for 50");
        }
    }
}
