//! Bytes without end, the same for the same seed.

use crate::Target;
use crate::world::{Corrupt, World};
use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;

/// The setting of the samples: three-chain, round robin, four equal replicas, one of which nothing
/// reaches for a long while.
pub(super) const SETTING: [u8; 4] = [0, 0, 0, 61];

const BYTES_MAX: usize = 4096;

/// What a small cluster says and stores: messages, records and commands, encoded.
#[must_use]
pub fn samples() -> Vec<Vec<u8>> {
    let mut steps = SETTING.to_vec();
    for number in 0..8u8 {
        steps.extend([[0, 63, 0, 0], [27, number, 255, 0], [17, number, number, number]].concat());
    }
    World::play(&steps, Corrupt::Tolerable).said()
}

/// Makes bytes for a target.
pub struct Driver {
    random: Pcg32,
    seeds: Vec<Vec<u8>>,
}

impl Driver {
    /// A driver for `target` that starts from `seeds` or, where there are none, from nothing.
    #[must_use]
    pub fn new(seed: u64, seeds: Vec<Vec<u8>>) -> Self {
        Self { random: Pcg32::new(seed, 0x0a02_bdbf_7bb3_c0a7), seeds }
    }

    /// The next bytes: a seed with some changes, or, for a target whose bytes have no form, any.
    pub fn bytes(&mut self, target: &Target) -> Vec<u8> {
        if self.seeds.is_empty() || (!target.has_form && self.below(4) > 0) {
            let count = 4 * self.below(120);
            return (0..count).map(|_| self.byte()).collect();
        }
        let at = self.below(self.seeds.len());
        let mut bytes = self.seeds[at].clone();
        for _ in 0..self.below(4) {
            self.change(&mut bytes);
        }
        bytes.truncate(BYTES_MAX);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len().max(1)).min(bytes.len());
        match self.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, 255),
            2 => {
                let other = self.below(self.seeds.len());
                let tail = self.seeds[other].iter().skip(at).copied().collect::<Vec<_>>();
                bytes.splice(at.., tail);
            }
            3 => {
                let end = (at + self.below(40)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ if at < bytes.len() => bytes[at] = [0, 1, 127, 128, 255, self.byte()][self.below(6)],
            _ => {}
        }
    }

    fn byte(&mut self) -> u8 {
        self.random.next_u32() as u8
    }

    fn below(&mut self, count: usize) -> usize {
        self.random.next_u32() as usize % count.max(1)
    }
}
