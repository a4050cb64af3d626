//! `hotstuff joiner`: writes the files of a replica that is to join a cluster.

use crate::cli;
use crate::config::{
    Address, CommitteeFile, ConfigError, Durability, LinkConfig, Listen, ReplicaFile, create_key,
};
use hotstuff_core::{Config, ReplicaId};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
What is printed goes to the end of every replica's committee file. A running replica reads that file again
on SIGHUP, and whenever the committee changes. `hotstuff change --help` tells how to go on.";

/// Draws a new replica's key and writes its files; prints its row for the joiners of the committee file.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// The cluster's committee file; the new replica will read it there.
    #[arg(long, value_name = "FILE")]
    committee: PathBuf,
    /// Its number: one that no replica of the cluster has or had.
    #[arg(long, value_name = "N")]
    id: u16,
    /// Where the other replicas will reach it.
    #[arg(long, value_name = "HOST:PORT")]
    peer: Address,
    /// Where clients and browsers will reach it.
    #[arg(long, value_name = "HOST:PORT")]
    http: Address,
    /// The folder to write; it must not be there yet.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Arguments {
    /// Writes the files and prints the row. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self.create() {
            Ok(row) => {
                print!("{row}");
                eprintln!("then: hotstuff replica --config {}", self.out.join("replica.toml").display());
                ExitCode::SUCCESS
            }
            Err(error) => cli::fail(&error),
        }
    }

    fn create(&self) -> Result<String, ConfigError> {
        let id = ReplicaId(self.id);
        let at = || self.committee.clone();
        if CommitteeFile::load(&self.committee)?.key(id).is_some() {
            return Err(ConfigError::Joiner { path: at(), id, why: "its number is taken" });
        }
        let read = |source| ConfigError::Read { path: at(), source };
        let committee = std::path::absolute(&self.committee).map_err(read)?;
        std::fs::create_dir(&self.out).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => ConfigError::Exists { path: self.out.clone() },
            _ => ConfigError::Write { path: self.out.clone(), source },
        })?;
        let key = create_key(&self.out.join("replica.key"), &id.to_string())?;
        let file = ReplicaFile {
            id: self.id,
            committee,
            key: "replica.key".into(),
            data: "data".into(),
            durability: Durability::default(),
            tls_cert: None,
            tls_key: None,
            allowed_origins: Vec::new(),
            metrics: true,
            listen: Listen { peer: listen(&self.peer), http: listen(&self.http) },
            consensus: Config::default(),
            links: LinkConfig::default(),
        };
        file.create(&self.out.join("replica.toml"))?;
        let (peer, http) = (&self.peer, &self.http);
        Ok(format!(
            "\n[[joiners]]\nid = {}\nkey = \"{:#}\"\npeer = \"{peer}\"\nhttp = \"{http}\"\n",
            self.id,
            key.public()
        ))
    }
}

/// The address itself where it is one of IP, and otherwise every interface: which one a name stands for may
/// change.
fn listen(address: &Address) -> SocketAddr {
    let host = address.host().parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    SocketAddr::new(host, address.port())
}
