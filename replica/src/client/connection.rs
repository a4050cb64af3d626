//! What every command needs that sends signed commands to a cluster.

use super::driver::{ClientDriver, Endpoint};
use super::transport::{Transport, TransportArguments};
use crate::config::{Address, AddressError, CommitteeFile, ConfigError, load_key};
use hotstuff_core::client::ClientConfig;
use hotstuff_core::{ReplicaId, Span};
use std::path::PathBuf;

/// Which cluster, by which key, and how long.
#[derive(Debug, clap::Args)]
pub(super) struct ConnectionArguments {
    /// The cluster's committee file.
    #[arg(long, value_name = "FILE")]
    pub(super) committee: PathBuf,
    /// The file with the secret key that signs.
    #[arg(long = "key", value_name = "FILE")]
    own_key: PathBuf,
    /// How long to wait for agreement on a command before it is given up.
    #[arg(long, value_name = "SECS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(super) timeout: u64,
    /// Reach a replica elsewhere than the committee file says; may be given for each.
    #[arg(long, value_name = "N=HOST:PORT", value_parser = placed)]
    address: Vec<(ReplicaId, Address)>,
    #[command(flatten)]
    pub(super) transport: TransportArguments,
}

/// Reads `N=HOST:PORT`.
fn placed(text: &str) -> Result<(ReplicaId, Address), String> {
    let (id, address) = text.split_once('=').ok_or("it is not of the form N=HOST:PORT")?;
    let id = id.parse().map_err(|_| format!("{id:?} is no replica's number"))?;
    Ok((ReplicaId(id), address.parse().map_err(|error: AddressError| error.to_string())?))
}

impl ConnectionArguments {
    /// The committee file with the addresses that were given on the command line.
    pub(super) fn placed(&self, mut file: CommitteeFile) -> Result<CommitteeFile, ConfigError> {
        for (id, address) in &self.address {
            let unknown = || ConfigError::NoSuchReplica { path: self.committee.clone(), id: *id };
            file.addresses.get_mut(id).ok_or_else(unknown)?.http = address.clone();
        }
        Ok(file)
    }

    /// A client of the committee file's cluster, and the most bytes that one operation may have.
    pub(super) fn connect(&self, in_flight: u32) -> Result<(ClientDriver, usize), ConfigError> {
        let file = self.placed(CommitteeFile::load(&self.committee)?)?;
        let key = load_key(&self.own_key)?;
        let give_up_us = Span::millis(self.timeout * 1_000);
        let config = ClientConfig { give_up_us, in_flight, ..ClientConfig::default() };
        let command_bytes = file.current.limits().command_bytes as usize;
        let transport = self.transport.transport()?;
        let endpoints = endpoints(&file, &transport);
        let driver = ClientDriver::start_by(transport, key, file.current.clone(), endpoints, config);
        Ok((driver, command_bytes))
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
