//! The files a cluster is set up with: committee, replica and key files.

mod address;
mod committee;
mod committee_table;
mod durability;
mod error;
mod file;
pub mod hex;
mod key;
mod links;
mod replica;
mod replica_file;
mod tls;

pub use address::{Address, AddressError};
pub use committee::{CommitteeFile, MemberAddresses};
pub use durability::Durability;
pub use error::ConfigError;
pub use key::{create_key, load_key};
pub use links::LinkConfig;
pub use replica::ReplicaConfig;
pub use replica_file::{Listen, ReplicaFile};
pub use tls::PublicTls;
pub(crate) use tls::read_pem;
