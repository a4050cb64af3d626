//! Real replicas in containers on a network of their own, under faults that only a machine's kernel can
//! make. The tests need Linux, root, and a Docker engine on this machine: `cargo xtask test --only faults`.
#![cfg(target_os = "linux")]

mod clock;
mod committee;
mod containers;
mod engine;
mod faults;
mod late;
mod load;
mod suite;
#[path = "../support/mod.rs"]
mod support;
