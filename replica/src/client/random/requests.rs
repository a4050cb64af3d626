//! What random commands ask for.

use hotstuff_kv::{Operation, Request};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

/// Has a seed's requests have nothing in common with its arrivals.
const STREAM: u128 = 1 << 64;

/// Gets, sets and deletes of keys each of which is as likely as the others. The same seed gives the same ones.
pub(crate) struct Requests {
    chance: Pcg64Mcg,
    prefix: &'static str,
    keys: u32,
    reads: f64,
    deletes: f64,
    value_bytes: u32,
    count: u64,
}

impl Requests {
    /// About `keys` keys, which begin with `prefix`. The share `reads` only reads, `deletes` deletes, and the rest
    /// sets values of `value_bytes`.
    pub(crate) fn new(
        seed: u64,
        prefix: &'static str,
        keys: u32,
        reads: f64,
        deletes: f64,
        value_bytes: u32,
    ) -> Self {
        let chance = Pcg64Mcg::new(STREAM | u128::from(seed));
        Self { chance, prefix, keys, reads, deletes, value_bytes, count: 0 }
    }

    /// The next one.
    pub(crate) fn next(&mut self) -> Request {
        self.count += 1;
        let number = self.chance.next_u64() % u64::from(self.keys);
        let key = format!("{}k{number}", self.prefix).into_bytes();
        let kind = uniform(&mut self.chance);
        let operation = if kind < self.reads {
            Operation::Get { key }
        } else if kind < self.reads + self.deletes {
            Operation::Delete { key }
        } else {
            let digits = self.count.to_string().into_bytes();
            let value = digits.iter().copied().cycle().take(self.value_bytes as usize).collect();
            Operation::Set { key, value }
        };
        operation.into()
    }
}

/// A number from 0 to below 1, of 53 bits.
pub(super) fn uniform(chance: &mut Pcg64Mcg) -> f64 {
    (chance.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_seed(seed: u64) -> Vec<Request> {
        let mut requests = Requests::new(seed, "p/", 10, 0.6, 0.04, 8);
        (0..20_000).map(|_| requests.next()).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_requests() {
        assert_eq!(of_seed(7), of_seed(7));
        assert_ne!(of_seed(7), of_seed(8));
    }

    #[test]
    fn keys_and_kinds_have_the_shares_they_should() {
        let commands = of_seed(3);
        let count = |is_it: fn(&Operation) -> bool| {
            commands.iter().filter(|request| is_it(&request.operations()[0])).count() as f64 / 20_000.0
        };
        assert!((count(|one| matches!(one, Operation::Get { .. })) - 0.6).abs() < 0.02);
        assert!((count(|one| matches!(one, Operation::Delete { .. })) - 0.04).abs() < 0.01);
        for key in 0..10 {
            let name = format!("p/k{key}").into_bytes();
            let share = commands.iter().filter(|one| one.operations()[0].key() == Some(&name)).count();
            assert!((1_700..2_300).contains(&share), "{key}: {share}");
        }
        let lengths = commands.iter().filter_map(|one| match &one.operations()[0] {
            Operation::Set { value, .. } => Some(value.len()),
            _ => None,
        });
        assert!(lengths.into_iter().all(|length| length == 8));
    }
}
