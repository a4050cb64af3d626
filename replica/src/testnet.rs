//! `hotstuff testnet`: writes the files of a new cluster.

use crate::cli;
use crate::config::{
    Address, AddressError, CommitteeFile, ConfigError, Durability, LinkConfig, Listen, MemberAddresses,
    ReplicaFile, create_key,
};
use hotstuff_core::CommitRule;
use hotstuff_core::committee::{CommitteeError, CommitteeSpec, Limits, MEMBERS_MAX, Member};
use hotstuff_core::crypto::ClusterId;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{Committee, Config, Power, ReplicaId};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// The fewest replicas that tolerate one faulty one.
pub const REPLICAS_MIN: u16 = 4;

/// `hotstuff testnet`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many replicas; at least 4, so that one may be faulty
    #[arg(long, default_value_t = REPLICAS_MIN)]
    replicas: u16,
    /// The folder to write; it must not be there yet, or be empty
    #[arg(long)]
    out: PathBuf,
    /// The IP address on which the replicas listen and are found
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), conflicts_with = "compose")]
    host: IpAddr,
    /// The first replica's peer port; the others' follow
    #[arg(long, default_value_t = 7000, conflicts_with = "compose")]
    base_port: u16,
    /// The first replica's public port; the others' follow
    #[arg(long, default_value_t = 8080)]
    http_port: u16,
    /// For containers: hosts r0, r1, ..., peer port 7000, public ports published on loopback, store in /data
    #[arg(long)]
    compose: bool,
}

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
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A committee that cannot be.
    #[error(transparent)]
    Committee(#[from] CommitteeError),
    /// A file that cannot be written.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// One replica of a new cluster.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where it is found.
    pub addresses: MemberAddresses,
    /// Where it listens.
    pub listen: Listen,
    /// The folder of its store, relative to its own folder.
    pub data: PathBuf,
}

/// Where a new cluster's files are.
#[derive(Clone, Debug)]
pub struct Testnet {
    /// The committee's file.
    pub committee: PathBuf,
    /// The key of a client.
    pub client_key: PathBuf,
    /// The key whose commands may change the committee.
    pub operator_key: PathBuf,
    /// Each replica's file.
    pub replicas: BTreeMap<ReplicaId, PathBuf>,
}

impl Testnet {
    /// Draws a new cluster's id and keys and writes its files into `folder`, which must be empty
    /// or not there yet: `committee.toml`, `client.key`, `operator.key`, and a folder `r0`, `r1`, ... with
    /// `replica.toml` and `replica.key` for each of `places`.
    ///
    /// # Errors
    /// When there are too few or too many replicas, or a file cannot be written or is there already.
    pub fn create(folder: &Path, places: &[Place], consensus: Config) -> Result<Self, TestnetError> {
        if places.len() < usize::from(REPLICAS_MIN) {
            return Err(TestnetError::TooFew(places.len()));
        }
        if places.len() > MEMBERS_MAX {
            return Err(TestnetError::TooMany(places.len()));
        }
        make_empty(folder)?;
        let mut cluster = [0; 32];
        getrandom::fill(&mut cluster).map_err(ConfigError::Random)?;
        let operator_key = folder.join("operator.key");
        let operator = create_key(&operator_key, "the operator")?;
        let mut members = Vec::new();
        let mut addresses = BTreeMap::new();
        let mut replicas = BTreeMap::new();
        for (number, place) in (0u16..).zip(places) {
            let id = ReplicaId(number);
            let own = folder.join(id.to_string());
            make_empty(&own)?;
            let key = create_key(&own.join("replica.key"), &id.to_string())?;
            let file = ReplicaFile {
                id: number,
                committee: "../committee.toml".into(),
                key: "replica.key".into(),
                data: place.data.clone(),
                durability: Durability::default(),
                tls_cert: None,
                tls_key: None,
                allowed_origins: Vec::new(),
                metrics: true,
                listen: place.listen,
                consensus,
                links: LinkConfig::default(),
            };
            file.create(&own.join("replica.toml"))?;
            members.push(Member { id, key: key.public(), power: Power(1) });
            addresses.insert(id, place.addresses.clone());
            replicas.insert(id, own.join("replica.toml"));
        }
        let spec = CommitteeSpec {
            cluster: ClusterId(cluster),
            members,
            leaders: LeaderRule::default(),
            rule: CommitRule::default(),
            operator: Some(operator.public()),
            limits: Limits::default(),
        };
        let committee = Arc::new(Committee::new(spec)?);
        let committee_path = folder.join("committee.toml");
        let client_key = folder.join("client.key");
        CommitteeFile::new(committee, addresses).create(&committee_path)?;
        create_key(&client_key, "a client")?;
        Ok(Self { committee: committee_path, client_key, operator_key, replicas })
    }
}

impl Arguments {
    /// Writes the files and says where they are.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self.places().and_then(|places| Testnet::create(&self.out, &places, Config::default())) {
            Ok(testnet) => {
                let out = self.out.display();
                println!("{} replicas: {}", testnet.replicas.len(), testnet.committee.display());
                if self.compose {
                    println!(
                        "mount {out} into each container; its command: replica --config .../rN/replica.toml"
                    );
                } else {
                    println!("start each with: hotstuff replica --config {out}/rN/replica.toml");
                }
                ExitCode::SUCCESS
            }
            Err(error) => cli::fail(&error),
        }
    }

    fn places(&self) -> Result<Vec<Place>, TestnetError> {
        if usize::from(self.replicas) > MEMBERS_MAX {
            return Err(TestnetError::TooMany(self.replicas.into()));
        }
        let port = |base: u16, number: u16| {
            base.checked_add(number).ok_or(TestnetError::Ports { base, replicas: self.replicas })
        };
        let apart = self.http_port.abs_diff(self.base_port) >= self.replicas;
        if !self.compose && !apart {
            return Err(TestnetError::Ports { base: self.base_port, replicas: self.replicas });
        }
        (0..self.replicas)
            .map(|number| {
                let http_port = port(self.http_port, number)?;
                if self.compose {
                    let any = Ipv4Addr::UNSPECIFIED;
                    let peer = Address::new(&ReplicaId(number).to_string(), 7000)?;
                    let http = Address::new("127.0.0.1", http_port)?;
                    let listen = Listen { peer: (any, 7000).into(), http: (any, 8080).into() };
                    let addresses = MemberAddresses { peer, http };
                    return Ok(Place { addresses, listen, data: "/data".into() });
                }
                let peer = SocketAddr::new(self.host, port(self.base_port, number)?);
                let http = SocketAddr::new(self.host, http_port);
                let addresses = MemberAddresses { peer: peer.into(), http: http.into() };
                Ok(Place { addresses, listen: Listen { peer, http }, data: "data".into() })
            })
            .collect()
    }
}

fn make_empty(folder: &Path) -> Result<(), ConfigError> {
    let path = || folder.to_owned();
    std::fs::create_dir_all(folder).map_err(|source| ConfigError::Write { path: path(), source })?;
    let mut entries =
        std::fs::read_dir(folder).map_err(|source| ConfigError::Read { path: path(), source })?;
    if entries.next().is_some() { Err(ConfigError::Exists { path: path() }) } else { Ok(()) }
}
