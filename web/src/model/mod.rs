//! What is shown, as data. Nothing here knows the browser, the clock or a source.

pub mod cluster;
pub mod flight;
pub mod layout;
pub mod link;
pub mod log;
pub mod operation;
pub mod partition;
pub mod record;
pub mod replica;
pub mod selection;
pub mod session;
pub mod timeline;
pub mod told;
pub mod trail;
pub mod tree;

pub use cluster::Cluster;
pub use flight::Flight;
pub use partition::Partition;
pub use record::{Happening, Record};
pub use replica::{Reach, Replica};
pub use selection::Selection;
pub use session::Session;
pub use timeline::Timeline;
pub use trail::Trail;
pub use tree::{Node, Stage, Tree};
