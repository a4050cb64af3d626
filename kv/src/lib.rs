//! The application that the replicas run: a key-value store whose keys and values are bytes.
#![no_std]
extern crate alloc;

mod answer;
mod operation;
mod proof;
mod store;

pub use answer::Answer;
pub use operation::{Invalid, KEY_BYTES_MAX, Operation, VALUE_BYTES_MAX};
pub use proof::{NoProof, PROOF_BYTES_MAX, Proof, ProofTooLarge};
pub use store::{ENTRY_BYTES, KvStore, STORE_BYTES_MAX};
