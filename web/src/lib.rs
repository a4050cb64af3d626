//! The page of the HotStuff project: a sandbox cluster in the browser, and a live view of a real one.
//!
//! [`model`] and [`draw`] are plain data and functions and are tested natively; [`source`] brings
//! the events; the rest is Yew. No protocol fact is computed here: all of them come from the core.

pub mod draw;
pub mod model;
pub mod sandbox;
pub mod source;
mod ui;

pub use ui::run;
