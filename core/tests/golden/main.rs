//! Golden scripts: what replicas do, event by event, with their reasons. Read them as lessons in
//! `tests/scripts/`, a folder for each topic. `UPDATE_EXPECT=1 cargo test -p hotstuff-core --test
//! golden` writes them anew; review the difference like code.

#[path = "../support/mod.rs"]
mod support;

mod equivocation;
mod fork_and_heal;
mod happy_path;
mod lost_qc;
mod lost_votes;
mod reconfiguration;
mod snapshot;
mod sync;
mod two_chain;
mod view_change;
