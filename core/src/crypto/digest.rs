//! SHA-256 digests, of bytes and of values as they are encoded.

use super::Domain;
use crate::wire;
use core::cmp::Ordering;
use core::fmt;
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The hash of `parts`, one after the other, under `domain`. Callers see to it that no two
    /// different inputs give the same bytes (fixed sizes, or one encoded value).
    #[must_use]
    pub fn of(domain: Domain, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(domain.tag());
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// The hash of a value's encoding under `domain`.
    #[must_use]
    pub fn of_value<T: Serialize>(domain: Domain, value: &T) -> Self {
        let hasher = Sha256::new_with_prefix(domain.tag());
        wire::encode_into(value, Hashed { hasher, bytes: [0; 256], filled: 0 })
    }
}

/// Hashes an encoding as it comes, byte by byte for the most part, and keeps none of it.
struct Hashed {
    hasher: Sha256,
    /// Those that are not hashed yet, as far as it is filled.
    bytes: [u8; 256],
    filled: usize,
}

impl Hashed {
    fn flush(&mut self) {
        self.hasher.update(&self.bytes[..self.filled]);
        self.filled = 0;
    }
}

impl Flavor for Hashed {
    type Output = Digest;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        if self.filled >= self.bytes.len() {
            self.flush();
        }
        self.bytes[self.filled] = byte;
        self.filled += 1;
        Ok(())
    }

    fn finalize(mut self) -> postcard::Result<Digest> {
        self.flush();
        Ok(Digest(self.hasher.finalize().into()))
    }
}

impl Ord for Digest {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for Digest {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of bytes, eight at a time: maps compare much.
pub(super) fn compare(one: &[u8; 32], other: &[u8; 32]) -> Ordering {
    let words = |bytes: &[u8; 32]| {
        let (words, _) = bytes.as_chunks();
        [words[0], words[1], words[2], words[3]].map(u64::from_be_bytes)
    };
    words(one).cmp(&words(other))
}

impl fmt::Display for Digest {
    /// The first four bytes in hexadecimal; `{:#}` gives all of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if f.alternate() { &self.0[..] } else { &self.0[..4] };
        shown.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_value_has_the_digest_of_its_encoding_however_long_that_is() {
        for length in [0, 1, 31, 62, 63, 64, 253, 254, 255, 256, 257, 509, 510, 511, 1_000] {
            let value = (7u64, vec![0xa5u8; length]);
            let whole = Digest::of(Domain::Payload, &[&wire::encode(&value)]);
            assert_eq!(Digest::of_value(Domain::Payload, &value), whole, "{length} bytes");
        }
    }

    #[test]
    fn digests_have_the_order_of_their_bytes() {
        let digests: [Digest; 5] = [(0, 1), (7, 255), (8, 1), (31, 2), (31, 255)].map(|(at, byte)| {
            let mut digest = Digest([5; 32]);
            digest.0[at] = byte;
            digest
        });
        for one in &digests {
            for other in &digests {
                assert_eq!(one.cmp(other), one.0.cmp(&other.0), "{one:#} and {other:#}");
            }
        }
    }
}
