//! Clusters of separate `hotstuff` processes, driven as a user drives them.

mod cli;
mod consensus;
#[cfg(unix)]
mod demo;
#[path = "../support/mod.rs"]
mod support;
