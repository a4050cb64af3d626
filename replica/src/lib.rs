//! The `hotstuff` program: replicas on tokio, their clients, and what sets a cluster up.
//!
//! The protocol is all in `hotstuff_core`; this crate gives it links, a disk, a clock and HTTP.

pub mod cli;
pub mod client;
pub mod config;
pub mod demo;
pub mod store;
pub mod testnet;
