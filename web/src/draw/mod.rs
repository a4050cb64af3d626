//! Pictures as data: draw lists made from models. [`paint`] alone puts one on a canvas.

pub mod arc;
pub mod block;
pub mod camera;
pub mod crowd;
pub mod crown;
pub mod cuts;
pub mod faulty;
pub mod gesture;
pub mod message;
pub mod network;
pub mod paint;
pub mod replica;
pub mod role;
pub mod scene;
pub mod shape;
pub mod spacetime;
pub mod tree;

pub use role::Role;
pub use scene::{Item, Scene, Tag};
pub use shape::{Point, Shape};
