//! The application that the replicas run: a key-value store whose keys and values are bytes.
#![no_std]
extern crate alloc;

mod answer;
mod content;
pub mod language;
mod operation;
mod proof;
mod request;
mod store;

pub use answer::{ANSWER_BYTES_MAX, Answer, Entry, Response};
pub use content::{Content, ENTRY_BYTES, STORE_BYTES_MAX};
pub use operation::{Invalid, KEY_BYTES_MAX, Operation, VALUE_BYTES_MAX};
pub use proof::{NoProof, PROOF_BYTES_MAX, Proof};
pub use request::{CONDITIONS_MAX, Condition, Expected, OPERATIONS_MAX, Request};
pub use store::KvStore;
