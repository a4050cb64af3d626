//! What no checksum of the database covers: the bit in its header that says which of two commits is the
//! newest (redb's file format 3, `docs/design.md` there, "Super-header").

use std::ops::Range;

/// Bytes of the header that are looked at.
const BYTES: usize = 320;
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";
/// Flags: which slot is the newest commit, and whether it was made in two phases.
const FLAGS: usize = 9;
const PRIMARY: u8 = 1;
const TWO_PHASES: u8 = 4;
const SLOTS: [usize; 2] = [64, 192];
/// The number of its commit, in a slot.
const NUMBER: Range<usize> = 104..112;

/// Corrects the header that was read into `bytes`. Where the slot that is not named as the newest has the
/// higher number, either a crash came between the two phases, or the bit that names it has flipped.
/// Without the mark of two phases the database takes the newer one, if all of it is there, and it is
/// right to: a commit that nobody was told of harms nobody, but one that is forgotten does.
pub(super) fn prefer_newest(bytes: &mut [u8]) {
    if bytes.len() < BYTES || !bytes.starts_with(MAGIC) {
        return;
    }
    let number = |slot: usize| {
        let number = &bytes[SLOTS[slot]..][NUMBER];
        u64::from_le_bytes(number.try_into().expect("a number has eight bytes"))
    };
    let named = usize::from(bytes[FLAGS] & PRIMARY);
    if number(1 - named) > number(named) {
        bytes[FLAGS] &= !TWO_PHASES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(flags: u8, numbers: [u64; 2]) -> Vec<u8> {
        let mut bytes = vec![0; BYTES];
        bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        bytes[FLAGS] = flags;
        for (slot, number) in SLOTS.into_iter().zip(numbers) {
            bytes[slot..][NUMBER].copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn only_a_newer_commit_beside_the_named_one_changes_anything() {
        for (flags, numbers, expected) in
            [(4, [7, 6], 4), (5, [6, 7], 5), (5, [7, 6], 1), (4, [6, 7], 0), (6, [6, 7], 2)]
        {
            let mut bytes = header(flags, numbers);
            prefer_newest(&mut bytes);
            assert_eq!(bytes, header(expected, numbers));
        }
        let mut short = header(4, [6, 7])[..100].to_vec();
        let before = short.clone();
        prefer_newest(&mut short);
        assert_eq!(short, before);
    }
}
