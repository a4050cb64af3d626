//! `hotstuff joiner`: writes the files of a replica that is to join a cluster.

use crate::cli;
use crate::config::{Address, CommitteeFile, ConfigError, Listen, ReplicaFile, create_key, file};
use hotstuff_core::ReplicaId;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
What is printed goes to the end of every replica's committee file. A running replica reads that file again
on SIGHUP, and whenever the committee changes. `hotstuff change --help` tells how to go on.";

/// The copy's name.
const COPY: &str = "committee.toml";

/// Draws a new replica's key and writes its files; prints its row for the joiners of the committee file.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// The cluster's committee file; the new replica will read it there, unless it gets a copy.
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
    /// Put a copy of the committee file into the folder, with the new row in it: for another host.
    #[arg(long)]
    copy_committee: bool,
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
        let committee = if self.copy_committee {
            COPY.into()
        } else {
            std::path::absolute(&self.committee).map_err(read)?
        };
        std::fs::create_dir(&self.out).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => ConfigError::Exists { path: self.out.clone() },
            _ => ConfigError::Write { path: self.out.clone(), source },
        })?;
        let key = create_key(&self.out.join("replica.key"), &id.to_string())?;
        let listen = Listen { peer: listen(&self.peer), http: listen(&self.http) };
        let file = ReplicaFile::new(self.id, committee, "replica.key".into(), "data".into(), listen);
        file.create(&self.out.join("replica.toml"))?;
        let (peer, http) = (&self.peer, &self.http);
        let row = format!(
            "\n[[joiners]]\nid = {}\nkey = \"{:#}\"\npeer = \"{peer}\"\nhttp = \"{http}\"\n",
            self.id,
            key.public()
        );
        if self.copy_committee {
            let text = std::fs::read_to_string(&self.committee).map_err(read)? + &row;
            file::create_new(&self.out.join(COPY), text.as_bytes(), false)?;
        }
        Ok(row)
    }
}

/// The address itself where it is one of IP, and otherwise every interface: which one a name stands for may
/// change.
fn listen(address: &Address) -> SocketAddr {
    let host = address.host().parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    SocketAddr::new(host, address.port())
}
