//! The page itself: Yew components, and the loop that drives a source.

mod actions;
mod address;
mod app;
mod banner;
mod command;
mod connection;
mod dashboard;
mod events;
mod exports;
mod facts;
mod failure;
mod field;
mod frames;
mod hashes;
mod header;
mod help;
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
mod speed;
mod stage;
mod svg;
mod tabs;
mod transport;

/// Puts the page into the document.
pub fn run() {
    failure::watch();
    yew::Renderer::<app::App>::new().render();
}
