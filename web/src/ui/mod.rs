//! The page itself: Yew components, and the loop that drives a source.

mod actions;
mod address;
mod app;
mod asker;
mod banner;
mod beside;
mod branches;
mod command;
mod connection;
mod dashboard;
mod deeds;
mod diagram;
mod events;
mod exports;
mod facts;
mod failure;
mod field;
mod frames;
mod hashes;
mod header;
mod help;
mod hunter;
mod icon;
mod inspector;
mod invariants;
mod keys;
mod legend;
mod lesson;
mod links;
mod pictures;
mod prefs;
mod reference;
mod replicas;
mod run_fields;
mod run_file;
mod scrubber;
mod speed;
mod splitter;
mod stage;
mod svg;
mod swarm;
mod tabs;
mod transport;
mod why;

/// Puts the page into the document.
pub fn run() {
    failure::watch();
    yew::Renderer::<app::App>::new().render();
}
