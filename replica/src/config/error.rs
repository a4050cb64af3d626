//! Why a file cannot be used, each in one line that says which file and what to do.

use hotstuff_core::ReplicaId;
use hotstuff_core::change::ChangeRefused;
use hotstuff_core::committee::CommitteeError;
use std::io;
use std::path::PathBuf;

/// Why a file of the set-up cannot be read, written or used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something is there already, and nothing is ever overwritten.
    #[error("{path} exists already and is not overwritten: remove it or choose another place")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Larger than any file of this kind.
    #[error("{path} has more than {limit} bytes: it is no file of this kind")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most it may have.
        limit: u64,
    },
    /// Not the TOML that is expected.
    #[error("{path}, line {line}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A setting that must be there.
    #[error("{path} has no `{setting}`, and {variable} is not set")]
    Missing {
        /// The file.
        path: PathBuf,
        /// The setting.
        setting: String,
        /// The variable that would set it.
        variable: String,
    },
    /// The committee cannot be.
    #[error("{path}: {source}")]
    Committee {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CommitteeError,
    },
    /// An address was given for a replica that is not in the committee file.
    #[error("{path}: there is no {id}, for which an address is given")]
    NoSuchReplica {
        /// The file.
        path: PathBuf,
        /// Who.
        id: ReplicaId,
    },
    /// A replica that is to join cannot.
    #[error("{path}: {id} among [[joiners]]: {why}")]
    Joiner {
        /// The file.
        path: PathBuf,
        /// Who.
        id: ReplicaId,
        /// Why.
        why: &'static str,
    },
    /// A change that is listed cannot have been made.
    #[error("{path}: change {number} among [[changes]] cannot have been made: {source}")]
    Change {
        /// The file.
        path: PathBuf,
        /// Which, counted from 1.
        number: u32,
        /// Why.
        source: ChangeRefused,
    },
    /// The replica's own settings cannot work.
    #[error("{path}: {source}")]
    Consensus {
        /// The file.
        path: PathBuf,
        /// Why.
        source: hotstuff_core::config::ConfigError,
    },
    /// A setting of the links cannot work.
    #[error("{path}: [links] {why}")]
    Links {
        /// The file.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// An origin is not of the form that browsers send.
    #[error("{path}: {origin:?} is no origin of the form http://host:port")]
    Origin {
        /// The file.
        path: PathBuf,
        /// What stands there.
        origin: String,
    },
    /// The replica is not in the committee file.
    #[error("{path}: {id} is neither among [[members]] nor among [[joiners]] of the committee file")]
    NotAMember {
        /// The replica's file.
        path: PathBuf,
        /// Who.
        id: ReplicaId,
    },
    /// The key is not the one that the committee names.
    #[error("{path} does not hold the key that the committee names for {id}")]
    WrongKey {
        /// The key file.
        path: PathBuf,
        /// Who.
        id: ReplicaId,
    },
    /// Not a key file.
    #[error("{path} is no key file: it needs one line of 64 hexadecimal digits beside # comments")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// A secret that others can read.
    #[error("{path} is open to others (mode {mode:04o}): a secret key must not be; run: chmod 600 {path}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Not the PEM that is expected.
    #[error("{path}: {why}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong; nothing of a secret.
        why: String,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error("{path}: tls_cert and tls_key stand together, or neither")]
    HalfTls {
        /// The replica's file.
        path: PathBuf,
    },
    /// A secret that a group can read, and not the one that may.
    #[error("{path} is open to the group {group} (mode {mode:04o}), and key_group is {named}")]
    ExposedToGroup {
        /// The file.
        path: PathBuf,
        /// Its group.
        group: u32,
        /// Its permissions.
        mode: u32,
        /// The group that may read it.
        named: u32,
    },
    /// A variable of the environment that looks like a setting and is none.
    #[error("{name} sets nothing: {cure}")]
    UnknownVariable {
        /// Its name.
        name: String,
        /// What to do.
        cure: String,
    },
    /// A variable whose setting does not take its value.
    #[error("{name}={value:?}: {wanted} is wanted")]
    Variable {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
        /// What the setting takes.
        wanted: String,
    },
    /// What is wrong may come of the environment.
    #[error("{source} (the environment has: {variables})")]
    Overridden {
        /// What is wrong.
        source: Box<ConfigError>,
        /// The variables that make a difference.
        variables: String,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes: {0}")]
    Random(getrandom::Error),
}
