//! Checksums of stored values. The database sums up its pages when it opens; these bind each value to
//! its place, whenever it is read: what was changed, or stands where another value belongs, is refused.

/// A stored value that is not what was stored at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

const CHECKSUM_BYTES: usize = 4;

/// `value` with its checksum, to be stored in `table` under `key`.
pub(super) fn seal(table: &str, key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let sum = checksum(table, key, &value);
    value.extend_from_slice(&sum);
    value
}

/// The value that was sealed.
pub(super) fn unseal<'v>(table: &str, key: &[u8], stored: &'v [u8]) -> Result<&'v [u8], Broken> {
    let (value, sum) = stored.split_last_chunk::<CHECKSUM_BYTES>().ok_or(Broken)?;
    if *sum == checksum(table, key, value) { Ok(value) } else { Err(Broken) }
}

fn checksum(table: &str, key: &[u8], value: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = crc32fast::Hasher::new();
    for part in [table.as_bytes(), key] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.update(value);
    hasher.finalize().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_bound_to_its_content_and_its_place() {
        let stored = seal("blocks", b"key", b"value".to_vec());
        assert_eq!(unseal("blocks", b"key", &stored), Ok(&b"value"[..]));
        assert_eq!(unseal("values", b"key", &stored), Err(Broken));
        assert_eq!(unseal("blocks", b"kez", &stored), Err(Broken));
        for bit in 0..stored.len() * 8 {
            let mut changed = stored.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unseal("blocks", b"key", &changed), Err(Broken), "bit {bit}");
        }
        for length in 0..stored.len() {
            assert_eq!(unseal("blocks", b"key", &stored[..length]), Err(Broken), "{length} bytes");
        }
    }
}
