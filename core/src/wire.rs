//! The encoding of everything that is hashed, signed, sent or stored: postcard, whole and exact.

use alloc::vec::Vec;
use postcard::ser_flavors::Flavor;
use serde::{Serialize, de::DeserializeOwned};

/// Why bytes were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are no encoding of the expected type.
    #[error("bytes are no valid encoding")]
    Malformed,
    /// A valid encoding is followed by more bytes.
    #[error("{0} bytes are left over after the encoded value")]
    Trailing(usize),
}

/// The encoding of `value`.
///
/// # Panics
/// When a type's `Serialize` fails; those of this crate do not.
#[must_use]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    encode_onto(value, &mut bytes);
    bytes.shrink_to_fit();
    bytes
}

/// More than most values have, so that they are encoded without moving.
pub(crate) const USUAL_BYTES: usize = 512;

/// The same, at the end of `bytes`: for who encodes often and keeps nothing.
///
/// # Panics
/// As [`encode`].
pub fn encode_onto<T: Serialize>(value: &T, bytes: &mut Vec<u8>) {
    encode_into(value, Onto(bytes));
}

/// The same, wherever `flavor` puts it.
pub(crate) fn encode_into<T: Serialize, F: Flavor>(value: &T, flavor: F) -> F::Output {
    postcard::serialize_with_flavor(value, flavor).expect("our types serialize into memory without fail")
}

struct Onto<'a>(&'a mut Vec<u8>);

impl Flavor for Onto<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// The value that `bytes`, all of them, encode. Allocates no more than a small multiple of the
/// bytes' own length; the caller bounds that length.
///
/// # Errors
/// [`DecodeError`] when the bytes are malformed or too many.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(DecodeError::Trailing(rest.len())),
        Err(_) => Err(DecodeError::Malformed),
    }
}

/// The value that `bytes` begin with, and takes it off them: for lists that are judged entry by
/// entry, before all of them are in memory.
///
/// # Errors
/// [`DecodeError::Malformed`] when they begin with none.
pub fn take<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, DecodeError> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|_| DecodeError::Malformed)?;
    *bytes = rest;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_one_after_the_other() {
        let bytes = [encode(&5u64), encode(&true)].concat();
        let rest = &mut &bytes[..];
        assert_eq!((take::<u64>(rest), take::<bool>(rest)), (Ok(5), Ok(true)));
        assert_eq!(take::<bool>(rest), Err(DecodeError::Malformed));
    }

    #[test]
    fn left_over_bytes_are_refused() {
        let mut bytes = encode(&(5u64, true));
        assert_eq!(decode::<(u64, bool)>(&bytes), Ok((5, true)));
        bytes.push(0);
        assert_eq!(decode::<(u64, bool)>(&bytes), Err(DecodeError::Trailing(1)));
        assert_eq!(decode::<(u64, bool)>(&[]), Err(DecodeError::Malformed));
    }
}
