//! Replicas in this process, spoken to over their real ports.

mod cluster;
mod hostile_clients;
mod hostile_peers;
mod public;
mod start;
mod support;
