//! The files a cluster is set up with: committee, replica and key files, and the environment, which comes first.

mod address;
mod command;
mod committee;
mod committee_table;
mod durability;
pub mod environment;
mod error;
pub mod fields;
pub(crate) mod file;
pub mod hex;
mod key;
mod links;
mod replica;
mod replica_file;
mod settings;
mod tls;

pub use address::{Address, AddressError};
pub use command::Arguments;
pub use committee::{CommitteeFile, MemberAddresses};
pub use durability::Durability;
pub use environment::Environment;
pub use error::ConfigError;
pub use key::{NewKey, create_key, load_key};
pub use links::LinkConfig;
pub use replica::ReplicaConfig;
pub use replica_file::{Listen, ReplicaFile};
pub use settings::{Change, Settings, Source};
pub use tls::PublicTls;
pub(crate) use tls::read_pem;
