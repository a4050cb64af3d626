//! What every command needs that sends signed commands to a cluster.

use super::driver::{ClientDriver, Endpoint};
use super::transport::{Transport, TransportArguments};
use crate::config::{CommitteeFile, ConfigError, load_key};
use hotstuff_core::Span;
use hotstuff_core::client::ClientConfig;
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
    #[command(flatten)]
    pub(super) transport: TransportArguments,
}

impl ConnectionArguments {
    /// A client of the committee file's cluster, and the most bytes that one operation may have.
    pub(super) fn connect(&self, in_flight: u32) -> Result<(ClientDriver, usize), ConfigError> {
        let file = CommitteeFile::load(&self.committee)?;
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
