//! Replicas that end at any point, and disks that take no more.
#![cfg(unix)]

mod full_disk;
mod kills;
#[path = "../support/mod.rs"]
mod support;
mod votes;
