//! Replicas in this process, spoken to over their real ports.

mod arbitrary_bytes;
mod backpressure;
mod cluster;
mod hostile_acceptors;
mod hostile_clients;
mod hostile_peers;
mod joiners;
mod limits;
mod peer_identity;
mod public;
mod public_tls;
mod start;
mod support;
mod verified_reads;
