//! What every command needs that sends signed commands to a cluster.

use super::driver::{ClientDriver, Endpoint};
use super::transport::{Transport, TransportArguments};
use crate::config::{Address, AddressError, CommitteeFile, ConfigError, load_key};
use hotstuff_core::client::ClientConfig;
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::{ReplicaId, Span};
use std::path::PathBuf;

/// Which cluster, by which key, and how long.
#[derive(Debug, clap::Args)]
pub(super) struct ConnectionArguments {
    #[command(flatten)]
    pub(super) cluster: ClusterArguments,
    /// The file with the secret key that signs.
    #[arg(long = "key", value_name = "FILE")]
    own_key: PathBuf,
}

/// Which cluster, how it is reached, and how long is waited for its answers.
#[derive(Debug, clap::Args)]
pub(crate) struct ClusterArguments {
    /// The cluster's committee file.
    #[arg(long, value_name = "FILE")]
    pub(crate) committee: PathBuf,
    /// How long to wait for agreement on a command before it is given up.
    #[arg(long, value_name = "SECS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) timeout: u64,
    /// Reach a replica elsewhere than the committee file says; may be given for each.
    #[arg(long, value_name = "N=HOST:PORT", value_parser = placed)]
    address: Vec<(ReplicaId, Address)>,
    #[command(flatten)]
    transport: TransportArguments,
}

/// Reads `N=HOST:PORT`.
fn placed(text: &str) -> Result<(ReplicaId, Address), String> {
    let (id, address) = text.split_once('=').ok_or("it is not of the form N=HOST:PORT")?;
    let id = id.parse().map_err(|_| format!("{id:?} is no replica's number"))?;
    Ok((ReplicaId(id), address.parse().map_err(|error: AddressError| error.to_string())?))
}

impl ConnectionArguments {
    /// A client of the committee file's cluster, and the most bytes that one operation may have.
    pub(super) fn connect(&self, in_flight: u32) -> Result<(ClientDriver, usize), ConfigError> {
        let (file, transport) = self.cluster.load()?;
        let key = load_key(&self.own_key)?;
        let command_bytes = file.current.limits().command_bytes as usize;
        Ok((self.cluster.start(&file, &transport, key, in_flight), command_bytes))
    }
}

impl ClusterArguments {
    /// The committee file with the addresses that were given on the command line, and how its replicas are reached.
    ///
    /// # Errors
    /// When a file cannot be used, or an address is given for a replica that there is not.
    pub(crate) fn load(&self) -> Result<(CommitteeFile, Transport), ConfigError> {
        let mut file = CommitteeFile::load(&self.committee)?;
        for (id, address) in &self.address {
            let unknown = || ConfigError::NoSuchReplica { path: self.committee.clone(), id: *id };
            file.addresses.get_mut(id).ok_or_else(unknown)?.http = address.clone();
        }
        Ok((file, self.transport.transport()?))
    }

    /// A client of the cluster with so many commands in flight, on the current tokio runtime.
    pub(crate) fn start(
        &self,
        file: &CommitteeFile,
        transport: &Transport,
        key: SecretKey,
        in_flight: u32,
    ) -> ClientDriver {
        let give_up_us = Span::millis(self.timeout * 1_000);
        let config = ClientConfig { give_up_us, in_flight, ..ClientConfig::default() };
        let endpoints = endpoints(file, transport);
        ClientDriver::start_by(transport.clone(), key, file.current.clone(), endpoints, config)
    }
}

/// Where the members of a committee take commands. Those whose address the file does not tell are done without.
fn endpoints(file: &CommitteeFile, transport: &Transport) -> Vec<Endpoint> {
    let endpoint = |replica| {
        let http = &file.addresses.get(&replica)?.http;
        Some(Endpoint { replica, url: format!("{}://{http}/client", transport.ws()) })
    };
    file.current.ids().filter_map(endpoint).collect()
}
