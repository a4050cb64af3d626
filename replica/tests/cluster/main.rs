//! Clusters of separate `hotstuff` processes, driven as a user drives them.

mod change;
mod cli;
mod client;
mod consensus;
#[cfg(unix)]
mod demo;
#[cfg(unix)]
mod load;
mod load_and_report;
#[cfg(unix)]
mod logs;
#[cfg(unix)]
mod reconfiguration;
#[cfg(unix)]
mod shutdown;
#[path = "../support/mod.rs"]
mod support;
