//! What no checksum of the database covers: the bit in its header that says which of two commits is the
//! newest (redb's file format 3, `docs/design.md` there, "Super-header").
//!
//! A crash between the two phases of a commit leaves a commit beside the named one that is newer, whole or
//! not. So does a bit that flips, and then it is whole. Taking it is right in both cases: a commit that
//! nobody was told of harms nobody, but one that is forgotten does.

use super::overlay::Overlay;
use super::{StoreError, open_database};
use redb::DatabaseError;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::Path;

/// Bytes of the header that are looked at.
const BYTES: usize = 320;
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";
/// Where the bit is.
const FLAGS: usize = 9;
const PRIMARY: u8 = 1;
const SLOTS: [usize; 2] = [64, 192];
/// The number of its commit, in a slot.
const NUMBER: Range<usize> = 104..112;

/// Which commit of a file is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Newest {
    /// The one that the header names.
    Named,
    /// The other one.
    Other,
}

impl Newest {
    /// Which commit of the file at `path` is the newest that is whole. Reads all of the file twice where
    /// that is in question.
    ///
    /// # Errors
    /// When it is in question and the named one is damaged: the other may be newer or not, for the
    /// numbers may be what is damaged. Or when the file cannot be read.
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Io { path: path.to_owned(), source };
        let mut bytes = [0; BYTES];
        match File::open(path).and_then(|mut file| file.read_exact(&mut bytes)) {
            Ok(()) if names_the_older(&bytes) => {}
            // Too short for a header: the database will say so.
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(failed(error)),
            _ => return Ok(Self::Named),
        }
        Self::whole(path, |newest| open_database(Overlay::open(path, newest)?).map(drop))
    }

    /// Of two commits the other one, if `check` finds both whole. A disk that does not answer says nothing
    /// of what is on it.
    fn whole(path: &Path, check: impl Fn(Self) -> Result<(), DatabaseError>) -> Result<Self, StoreError> {
        let checked = |newest| check(newest).map_err(|error| StoreError::opening(path, error));
        checked(Self::Named)?;
        match checked(Self::Other) {
            Ok(()) => Ok(Self::Other),
            Err(StoreError::Damaged { .. }) => Ok(Self::Named),
            Err(error) => Err(error),
        }
    }

    /// Corrects a header that was read.
    pub(super) fn correct(self, bytes: &mut [u8]) {
        if self == Self::Other && names_the_older(bytes) {
            bytes[FLAGS] ^= PRIMARY;
        }
    }
}

/// Whether a header names one of its two commits, and the other one has the higher number.
fn names_the_older(bytes: &[u8]) -> bool {
    if bytes.len() < BYTES || !bytes.starts_with(MAGIC) {
        return false;
    }
    let number = |slot: usize| {
        let number = &bytes[SLOTS[slot]..][NUMBER];
        u64::from_le_bytes(number.try_into().expect("a number has eight bytes"))
    };
    let named = usize::from(bytes[FLAGS] & PRIMARY);
    number(1 - named) > number(named)
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
    fn a_commit_is_passed_over_for_damage_alone() {
        let io = |kind: ErrorKind| DatabaseError::Storage(redb::StorageError::Io(kind.into()));
        let chosen = |named: Option<ErrorKind>, other: Option<ErrorKind>| {
            Newest::whole(Path::new("store"), |newest| {
                let failure = if newest == Newest::Named { named } else { other };
                failure.map_or(Ok(()), |kind| Err(io(kind)))
            })
        };
        let (torn, unreadable) = (Some(ErrorKind::UnexpectedEof), Some(ErrorKind::PermissionDenied));
        assert_eq!(chosen(None, None).unwrap(), Newest::Other);
        assert_eq!(chosen(None, torn).unwrap(), Newest::Named);
        assert!(matches!(chosen(None, unreadable), Err(StoreError::Database { .. })));
        assert!(matches!(chosen(torn, None), Err(StoreError::Damaged { .. })));
        assert!(matches!(chosen(unreadable, None), Err(StoreError::Database { .. })));
    }

    #[test]
    fn only_a_header_that_names_the_older_commit_is_corrected() {
        for (flags, numbers, expected) in
            [(4, [7, 6], 4), (5, [6, 7], 5), (5, [7, 6], 4), (4, [6, 7], 5), (6, [6, 7], 7)]
        {
            let mut bytes = header(flags, numbers);
            Newest::Named.correct(&mut bytes);
            assert_eq!(bytes, header(flags, numbers));
            Newest::Other.correct(&mut bytes);
            assert_eq!(bytes, header(expected, numbers));
        }
        let mut short = header(4, [6, 7])[..100].to_vec();
        let before = short.clone();
        Newest::Other.correct(&mut short);
        assert_eq!(short, before);
    }
}
