//! HotStuff consensus as a state machine without I/O.
#![no_std]
extern crate alloc;

pub mod app;
pub mod block;
pub mod certificate;
pub mod client;
pub mod command;
pub mod committee;
pub mod config;
pub mod crypto;
pub mod event;
pub mod ids;
pub mod io;
pub mod leader;
pub mod link;
pub mod message;
pub mod refusal;
pub mod safety;
pub mod status;
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
pub use status::Status;
pub use verify::Verified;
