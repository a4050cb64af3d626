//! `hotstuff load` and `hotstuff report`: what a cluster does under load, measured, kept as JSON, and shown as a page.
//!
//! What is measured and how is told in `docs/load.md`. `run` makes the load, over anything that is a `target`;
//! `recorder` takes in what comes of it; `document` is what is kept.

mod cli;
mod cluster;
mod connections;
mod document;
mod outcome;
mod plan;
mod progress;
mod recorder;
pub mod report;
mod run;
mod settings;
mod signals;
mod summary;
mod target;
mod timeline;

pub use cli::Arguments;
