//! When commands come, and what they ask for.

use hotstuff_kv::{Operation, Request};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;
use std::time::Duration;

/// A Poisson process: spans between commands are independent of each other, and exponential. The same seed gives the
/// same ones.
pub(super) struct Arrivals {
    chance: Pcg64Mcg,
    rate: f64,
    keys: u32,
    reads: f64,
    value_bytes: u32,
    /// When the last one came, in seconds.
    at: f64,
    count: u64,
}

impl Arrivals {
    /// `rate` a second, about `keys` keys, of which the share `reads` only reads.
    pub(super) fn new(seed: u64, rate: f64, keys: u32, reads: f64, value_bytes: u32) -> Self {
        let chance = Pcg64Mcg::new(u128::from(seed));
        Self { chance, rate, keys, reads, value_bytes, at: 0.0, count: 0 }
    }

    /// The next command, and when it is due, from the start on.
    pub(super) fn next(&mut self) -> (Duration, Request) {
        // 1 minus a number below 1 is above 0, and has a logarithm.
        self.at -= (1.0 - self.uniform()).ln() / self.rate;
        self.count += 1;
        (Duration::from_secs_f64(self.at), self.operation().into())
    }

    fn operation(&mut self) -> Operation {
        let key = format!("k{}", self.chance.next_u64() % u64::from(self.keys)).into_bytes();
        let (kind, deletes) = (self.uniform(), (1.0 - self.reads) / 10.0);
        if kind < self.reads {
            Operation::Get { key }
        } else if kind < self.reads + deletes {
            Operation::Delete { key }
        } else {
            let digits = self.count.to_string().into_bytes();
            let value = digits.iter().copied().cycle().take(self.value_bytes as usize).collect();
            Operation::Set { key, value }
        }
    }

    /// A number from 0 to below 1, of 53 bits.
    fn uniform(&mut self) -> f64 {
        (self.chance.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_seed(seed: u64) -> Vec<(Duration, Request)> {
        let mut arrivals = Arrivals::new(seed, 100.0, 10, 0.6, 8);
        (0..20_000).map(|_| arrivals.next()).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_commands_at_the_same_moments() {
        assert_eq!(of_seed(7), of_seed(7));
        assert_ne!(of_seed(7), of_seed(8));
    }

    /// The mean and the standard deviation of exponential spans are equal.
    #[test]
    fn the_spans_are_those_of_a_poisson_process() {
        let moments: Vec<f64> = of_seed(1).iter().map(|(at, _)| at.as_secs_f64()).collect();
        assert!(moments.is_sorted());
        let spans: Vec<f64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = spans.iter().sum::<f64>() / spans.len() as f64;
        let variance = spans.iter().map(|span| (span - mean).powi(2)).sum::<f64>() / spans.len() as f64;
        assert!((mean * 100.0 - 1.0).abs() < 0.03, "{mean}");
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "{}", variance.sqrt() / mean);
    }

    #[test]
    fn keys_and_kinds_have_the_shares_they_should() {
        let commands = of_seed(3);
        let count = |is_it: fn(&Operation) -> bool| {
            commands.iter().filter(|(_, request)| is_it(&request.operations()[0])).count() as f64 / 20_000.0
        };
        assert!((count(|one| matches!(one, Operation::Get { .. })) - 0.6).abs() < 0.02);
        assert!((count(|one| matches!(one, Operation::Delete { .. })) - 0.04).abs() < 0.01);
        for key in 0..10 {
            let name = format!("k{key}").into_bytes();
            let share = commands.iter().filter(|(_, one)| one.operations()[0].key() == Some(&name)).count();
            assert!((1_700..2_300).contains(&share), "{key}: {share}");
        }
        let lengths = commands.iter().filter_map(|(_, one)| match &one.operations()[0] {
            Operation::Set { value, .. } => Some(value.len()),
            _ => None,
        });
        assert!(lengths.into_iter().all(|length| length == 8));
    }
}
