//! What is shown, as data. Nothing here knows the browser, the clock or a source.

pub mod cluster;
pub mod flight;
pub mod layout;
pub mod link;
pub mod log;
pub mod operation;
pub mod record;
pub mod replica;
pub mod selection;
pub mod session;
pub mod told;
pub mod tree;

pub use cluster::Cluster;
pub use flight::Flight;
pub use record::{Happening, Record};
pub use replica::{Reach, Replica};
pub use selection::Selection;
pub use session::Session;
pub use tree::{Node, Stage, Tree};
