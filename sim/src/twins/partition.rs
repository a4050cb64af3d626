//! Ways to split the hosts into parts.

use super::HOSTS;
use crate::ids::HostId;
use core::fmt;
use core::str::FromStr;

/// The number of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part(pub u8);

/// A way to split the hosts: for each of [`HOSTS`], the number of its part.
///
/// Invariant: parts are numbered by their first host, so that each partition has one form (a restricted
/// growth string: Knuth, The Art of Computer Programming, volume 4A, section 7.2.1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partition([Part; HOSTS.len()]);

impl Partition {
    /// The partition with these parts, whatever their numbers.
    #[must_use]
    pub fn new(part_of: [Part; HOSTS.len()]) -> Self {
        let mut named: Vec<Part> = Vec::new();
        Self(part_of.map(|part| {
            let at = named.iter().position(|known| *known == part).unwrap_or(named.len());
            if at == named.len() {
                named.push(part);
            }
            Part(u8::try_from(at).expect("there are no more parts than hosts"))
        }))
    }

    /// All partitions into `parts_max` parts at most, in ascending order.
    #[must_use]
    pub fn all(parts_max: Part) -> Vec<Self> {
        let mut all = vec![([Part::default(); HOSTS.len()], Part(0))];
        for at in 0..HOSTS.len() {
            let longer = |(start, parts): ([Part; HOSTS.len()], Part)| {
                let last = parts.0.min(parts_max.0.saturating_sub(1));
                (0..=last).map(move |part| {
                    let mut string = start;
                    string[at] = Part(part);
                    (string, Part(parts.0.max(part + 1)))
                })
            };
            all = all.into_iter().flat_map(longer).collect();
        }
        all.into_iter().map(|(string, _)| Self(string)).collect()
    }

    /// The partition in which host `moves[i]` is where host `i` is in this one.
    #[must_use]
    pub fn moved(&self, moves: [usize; HOSTS.len()]) -> Self {
        let mut part_of = self.0;
        for (from, to) in moves.into_iter().enumerate() {
            part_of[to] = self.0[from];
        }
        Self::new(part_of)
    }

    /// The parts, as hosts.
    #[must_use]
    pub fn groups(&self) -> Vec<Vec<HostId>> {
        let mut groups: Vec<Vec<HostId>> = Vec::new();
        for (host, part) in HOSTS.into_iter().zip(self.0) {
            let at = usize::from(part.0);
            if at == groups.len() {
                groups.push(Vec::new());
            }
            groups[at].push(host);
        }
        groups
    }
}

impl fmt::Display for Partition {
    /// One digit for each host.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| write!(f, "{}", part.0))
    }
}

impl FromStr for Partition {
    type Err = String;

    /// Reads one digit for each host; the numbers need not be the least.
    fn from_str(text: &str) -> Result<Self, String> {
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| Part(byte - b'0'));
        let parts: Option<Vec<Part>> = text.as_bytes().iter().map(digit).collect();
        let string = parts.and_then(|parts| parts.try_into().ok());
        string
            .map(Self::new)
            .ok_or_else(|| format!("{text} is not one digit for each of r0, r0b, r1, r2, r3"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stirling numbers of the second kind: in how many ways `hosts` make `parts` parts.
    fn stirling(hosts: usize, parts: usize) -> usize {
        match (hosts, parts) {
            (0, 0) => 1,
            (0, _) | (_, 0) => 0,
            _ => parts * stirling(hosts - 1, parts) + stirling(hosts - 1, parts - 1),
        }
    }

    #[test]
    fn there_are_as_many_partitions_as_stirling_says_each_once_and_in_its_form() {
        for parts_max in 1..=7 {
            let all = Partition::all(Part(parts_max));
            let count: usize = (1..=usize::from(parts_max)).map(|parts| stirling(HOSTS.len(), parts)).sum();
            assert_eq!(all.len(), count);
            assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
            for partition in all {
                assert_eq!(Partition::new(partition.0), partition);
                assert!(partition.groups().len() <= usize::from(parts_max));
                assert_eq!(partition.to_string().parse(), Ok(partition));
            }
        }
        assert_eq!(Partition::all(Part(2)).len(), 16);
    }

    #[test]
    fn a_partition_is_what_its_digits_say() {
        let partition: Partition = "32232".parse().unwrap();
        assert_eq!(partition.to_string(), "01101");
        let [r0, twin, r1, r2, r3] = HOSTS;
        assert_eq!(partition.groups(), [vec![r0, r2], vec![twin, r1, r3]]);
        assert_eq!(partition.moved([1, 0, 2, 3, 4]).groups(), [vec![r0, r1, r3], vec![twin, r2]]);
        for text in ["", "0000", "000000", "0x000", "00-00"] {
            assert!(text.parse::<Partition>().is_err(), "{text}");
        }
    }
}
