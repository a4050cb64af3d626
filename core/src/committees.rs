//! The committees whose certificates count now.

use crate::block::Header;
use crate::committee::Committee;
use crate::ids::Epoch;
use crate::refusal::Refusal;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The committees that may certify blocks from a replica's committed head on, by epoch. What
/// earlier ones sign no longer counts: their members may have left for good, keys and all.
#[derive(Clone, Debug)]
pub struct Committees {
    /// Not empty, epochs ascending without a gap.
    known: Vec<Arc<Committee>>,
}

impl Committees {
    /// One committee alone: what a cluster starts with.
    #[must_use]
    pub fn of(committee: Arc<Committee>) -> Self {
        Self { known: alloc::vec![committee] }
    }

    /// Several, of ascending epochs without a gap.
    pub(crate) fn new(known: Vec<Arc<Committee>>) -> Self {
        assert!(!known.is_empty(), "there is a committee at all times");
        assert!(known.windows(2).all(|pair| pair[1].epoch() == pair[0].epoch().next()), "no gap");
        Self { known }
    }

    /// These, and the committee of the next change.
    pub(crate) fn followed_by(&self, next: Arc<Committee>) -> Self {
        Self::new(self.known.iter().cloned().chain([next]).collect())
    }

    /// The committee of an epoch.
    ///
    /// # Errors
    /// [`Refusal::OldEpoch`] and [`Refusal::UnknownEpoch`].
    pub fn at(&self, epoch: Epoch) -> Result<&Committee, Refusal> {
        let oldest = self.known[0].epoch();
        if epoch < oldest {
            return Err(Refusal::OldEpoch { epoch, oldest });
        }
        let found = self.known.iter().find(|committee| committee.epoch() == epoch);
        let newest = self.newest().epoch();
        found.map(AsRef::as_ref).ok_or(Refusal::UnknownEpoch { epoch, newest })
    }

    /// The committee of the latest change.
    #[must_use]
    pub fn newest(&self) -> &Arc<Committee> {
        self.known.last().expect("there is a committee at all times")
    }

    /// The oldest and the newest epoch.
    #[must_use]
    pub fn epochs(&self) -> (Epoch, Epoch) {
        (self.known[0].epoch(), self.newest().epoch())
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Committee>> {
        self.known.iter()
    }

    /// Whether a header's epoch is its parent's or the next.
    pub(crate) fn check_order(header: &Header) -> Result<(), Refusal> {
        let (epoch, parent) = (header.epoch, header.justify.block.epoch);
        if epoch == parent || epoch == parent.next() {
            Ok(())
        } else {
            Err(Refusal::EpochOrder { epoch, parent })
        }
    }
}
