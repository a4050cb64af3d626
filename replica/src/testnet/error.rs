//! Why a new cluster's files are not written.

use super::REPLICAS_MIN;
use crate::config::{AddressError, ConfigError};
use crate::kubernetes::KubernetesError;
use hotstuff_core::committee::{CommitteeError, MEMBERS_MAX};
use std::path::PathBuf;

/// Why a cluster's files are not written.
#[derive(Debug, thiserror::Error)]
pub enum TestnetError {
    /// Too few replicas to tolerate a faulty one.
    #[error("{0} replicas are too few: {REPLICAS_MIN} is the least, of which one may be faulty")]
    TooFew(usize),
    /// More than a committee may have.
    #[error("{0} replicas are too many: a committee has at most {MEMBERS_MAX}")]
    TooMany(usize),
    /// The ports would pass 65535, or those for peers and for the public meet.
    #[error("the ports from {base} on do not suffice for {replicas} replicas")]
    Ports {
        /// The first port.
        base: u16,
        /// How many replicas.
        replicas: u16,
    },
    /// A host that is none.
    #[error("{host:?} is no host: {why}")]
    Host {
        /// What was given.
        host: String,
        /// Why not.
        why: &'static str,
    },
    /// No host at all.
    #[error("no host is named")]
    NoHosts,
    /// A host that is named more than once.
    #[error("{0} is named more than once: --replicas above the number of hosts puts several on each")]
    HostTwice(String),
    /// Hosts that would have nothing to do.
    #[error("{replicas} replicas leave some of {hosts} hosts without one: leave those out")]
    IdleHosts {
        /// How many replicas.
        replicas: usize,
        /// How many hosts.
        hosts: usize,
    },
    /// Too few hosts, and it was not said that some are to have more than one replica.
    #[error(
        "{0} hosts are too few for a replica each: {REPLICAS_MIN} replicas are the least; --replicas {REPLICAS_MIN} \
         puts more than one on a host"
    )]
    FewHosts(usize),
    /// Two listeners of one host with the same port.
    #[error("{0} would be taken twice: choose ports that are further apart")]
    PortTwice(String),
    /// The file of hosts cannot be read.
    #[error("cannot read {path}: {source}")]
    HostsFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An address that is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A committee that cannot be.
    #[error(transparent)]
    Committee(#[from] CommitteeError),
    /// Manifests that cannot be.
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
    /// A file that cannot be written.
    #[error(transparent)]
    Config(#[from] ConfigError),
}
