//! The `hotstuff` program: replicas on tokio, their clients, and what sets a cluster up.
//!
//! The protocol is all in `hotstuff_core`; this crate gives it links, a disk, a clock and HTTP.

pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod context;
pub mod demo;
pub mod driver;
pub mod fault;
pub mod http;
pub mod joiner;
pub mod kubernetes;
pub mod listener;
pub mod load;
pub mod logging;
pub mod metrics;
pub mod offline;
pub mod peers;
pub mod redial;
pub mod server;
pub mod shutdown;
pub mod socket;
pub mod store;
pub mod testnet;
