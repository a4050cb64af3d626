//! HotStuff consensus as a state machine without I/O.
#![no_std]
extern crate alloc;

pub mod app;
pub mod block;
pub mod certificate;
pub mod client;
mod collector;
pub mod command;
pub mod committee;
pub mod config;
pub mod crypto;
pub mod event;
mod fetch;
pub mod ids;
pub mod io;
pub mod leader;
mod ledger;
pub mod link;
mod mempool;
pub mod merkle;
pub mod message;
mod pacemaker;
pub mod refusal;
pub mod replica;
pub mod safety;
mod sessions;
pub mod status;
mod tree;
pub mod verify;
pub mod wire;

pub use app::App;
pub use block::Block;
pub use certificate::{BlockId, BlockRef, QuorumCertificate, TimeoutCertificate};
pub use committee::{Committee, CommitteeSpec};
pub use config::Config;
pub use event::Event;
pub use ids::{Height, Power, ReplicaId, SequenceNumber, Span, Time, View};
pub use io::{Input, Output, Record, Recovered};
pub use message::Message;
pub use refusal::Refusal;
pub use replica::{Replica, Setup, SetupError};
pub use status::Status;
pub use verify::Verified;
