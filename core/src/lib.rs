//! HotStuff consensus as a state machine without I/O.
//!
//! One [`Replica`] is one participant. It holds no clock, no socket and no disk: a driver tells it
//! what happened ([`Replica::handle`]), does what it asks for ([`Replica::poll_output`]), in order,
//! and wakes it when it wants to be woken ([`Replica::deadline`]). The same inputs give the same
//! outputs on every platform, so the same code runs in a server, a simulator and a browser.
//!
//! Three rules make a driver right:
//!
//! 1. Perform outputs in order, and make each [`Output::Persist`] durable before any output after
//!    it. A vote is never queued before the record that remembers it.
//! 2. Pass messages and commands through [`verify`] first. [`Verified`] values can be had nowhere
//!    else, so nothing unverified reaches the state machine.
//! 3. Start a replica again with all it has persisted, folded by [`Recovered::apply`].
//!
//! The protocol is told in `docs/protocol.md`. Events ([`Event`]) say what a replica does and why;
//! the scripts in `tests/scripts/` are made of them and read as lessons.
//!
//! # Four replicas by hand
//!
//! A client's command, carried between four replicas until all have executed it:
//!
//! ```
//! use hotstuff_core::command::Command;
//! use hotstuff_core::committee::{CommitteeSpec, Limits, Member};
//! use hotstuff_core::crypto::{ClusterId, Digest, Domain, SecretKey};
//! use hotstuff_core::leader::LeaderRule;
//! use hotstuff_core::*;
//! use std::{collections::VecDeque, sync::Arc};
//!
//! /// An application that counts.
//! #[derive(Default)]
//! struct Counter(u8);
//!
//! impl App for Counter {
//!     fn execute(&mut self, _operation: &[u8]) -> Vec<u8> {
//!         self.0 += 1;
//!         vec![self.0]
//!     }
//!     fn root(&self) -> Digest {
//!         Digest::of(Domain::Merkle, &[&[self.0]])
//!     }
//!     fn snapshot(&self) -> Vec<u8> {
//!         vec![self.0]
//!     }
//!     fn restore(&mut self, snapshot: &[u8]) -> Result<(), NoSnapshot> {
//!         self.0 = *snapshot.first().ok_or(NoSnapshot)?;
//!         Ok(())
//!     }
//! }
//!
//! let key = |id: u16| SecretKey::from_seed([id as u8; 32]);
//! let cluster = ClusterId([7; 32]);
//! let member = |id| Member { id: ReplicaId(id), key: key(id).public(), power: Power(1) };
//! let committee = Arc::new(Committee::new(CommitteeSpec {
//!     cluster,
//!     members: (0..4).map(member).collect(),
//!     leaders: LeaderRule::RoundRobin,
//!     rule: CommitRule::ThreeChain,
//!     operator: None,
//!     limits: Limits::default(),
//! })?);
//!
//! let start = |id| {
//!     let (committee, config) = (committee.clone(), Config::default());
//!     let setup = Setup { id, key: key(id.0), committee, joins_later: false, config };
//!     Replica::new(setup, Counter::default(), Recovered::default(), Time(0))
//! };
//! let mut replicas = committee.ids().map(start).collect::<Result<Vec<_>, _>>()?;
//!
//! let command = Command::signed(&SecretKey::from_seed([9; 32]), &cluster, SequenceNumber(1), vec![]);
//! for replica in &mut replicas {
//!     let verified = verify::command(&committee, command.clone()).expect("we signed it");
//!     replica.handle(Time(0), Input::Command(verified));
//! }
//!
//! loop {
//!     let mut lanes = VecDeque::new();
//!     for from in committee.ids() {
//!         while let Some(output) = replicas[usize::from(from.0)].poll_output() {
//!             match output {
//!                 Output::Send { to, message } => lanes.push_back((from, to, message)),
//!                 Output::Broadcast(message) => lanes.extend(
//!                     committee.ids().filter(|to| *to != from).map(|to| (from, to, message.clone())),
//!                 ),
//!                 Output::Persist(_record) => {} // to the disk, before going on
//!                 Output::Event(event) => println!("{from} {event}"),
//!                 _ => {} // replies, and what only a longer run asks for
//!             }
//!         }
//!     }
//!     if lanes.is_empty() {
//!         break; // idle: the command is committed everywhere
//!     }
//!     for (from, to, message) in lanes {
//!         let message = verify::message(&Committees::of(committee.clone()), message)?;
//!         replicas[usize::from(to.0)].handle(Time(0), Input::Message { from, message });
//!     }
//! }
//! assert!(replicas.iter().all(|replica| replica.app().0 == 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
extern crate alloc;

pub mod app;
pub mod audit;
pub mod block;
pub mod certificate;
pub mod change;
pub mod client;
mod collector;
pub mod command;
pub mod commit_rule;
pub mod committee;
pub mod committees;
pub mod config;
pub mod crypto;
mod download;
mod downloads;
pub mod event;
pub mod evidence;
mod fetch;
pub mod footprint;
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
mod reputation;
pub mod rules;
pub mod safety;
mod schedule;
mod serving;
mod sessions;
pub mod snapshot;
pub mod state_proof;
pub mod status;
mod tree;
pub mod verify;
pub mod wire;

pub use app::{App, NoSnapshot};
pub use block::Block;
pub use certificate::{BlockId, BlockRef, QuorumCertificate, TimeoutCertificate};
pub use change::CommitteeChange;
pub use commit_rule::CommitRule;
pub use committee::{Committee, CommitteeSpec};
pub use committees::Committees;
pub use config::Config;
pub use event::Event;
pub use evidence::Evidence;
pub use ids::{Epoch, Height, Power, ReplicaId, SequenceNumber, Span, Time, View};
pub use io::{Input, Output, Record, Recovered};
pub use message::Message;
pub use refusal::Refusal;
pub use replica::{Replica, Setup, SetupError};
pub use snapshot::Snapshot;
pub use status::Status;
pub use verify::Verified;
