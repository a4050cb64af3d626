//! `hotstuff testnet`: writes the files of a new cluster.

mod draft;
mod error;
mod files;
mod guide;
mod hosts;

pub use draft::Draft;
pub use error::TestnetError;
pub use files::{Committee, Testnet};

use crate::cli;
use crate::config::{Address, Listen, MemberAddresses, file};
use crate::kubernetes;
use hosts::{Host, Ports};
use hotstuff_core::committee::MEMBERS_MAX;
use hotstuff_core::{Config, ReplicaId};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The fewest replicas that tolerate one faulty one.
pub const REPLICAS_MIN: u16 = 4;

/// `hotstuff testnet`
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("several").args(["hosts", "hosts_file"]))]
pub struct Arguments {
    /// How many replicas; at least 4, so that one may be faulty. By default 4, or one a host
    #[arg(long)]
    replicas: Option<u16>,
    /// The folder to write; it must not be there yet, or be empty
    #[arg(long)]
    out: PathBuf,
    /// The IP address on which the replicas listen and are found
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), conflicts_with_all = ["compose", "several", "kubernetes"])]
    host: IpAddr,
    /// The first replica's peer port; the others' follow. With several hosts: the first one's on each
    #[arg(long, default_value_t = 7000, conflicts_with_all = ["compose", "kubernetes"])]
    base_port: u16,
    /// The first replica's public port; the others' follow. With several hosts: the first one's on each
    #[arg(long, default_value_t = 8080, conflicts_with = "kubernetes")]
    http_port: u16,
    /// Hosts to run on, names or IP addresses, perhaps each with a peer port: a replica each, or several where there
    /// are more replicas than hosts. Each replica gets a folder to be copied to its host
    #[arg(long, value_delimiter = ',', value_name = "HOST[:PORT],...", conflicts_with_all = ["compose", "kubernetes"])]
    hosts: Option<Vec<String>>,
    /// A file with these, one a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["compose", "kubernetes"])]
    hosts_file: Option<PathBuf>,
    /// The IP address to listen on. By default that of --host; with several hosts and on Kubernetes all of IPv4, or of
    /// IPv6 where the host is an IPv6 address
    #[arg(long, value_name = "IP", conflicts_with = "compose")]
    listen: Option<IpAddr>,
    /// For containers: hosts r0, r1, ..., peer port 7000, public ports published on loopback, store in /data
    #[arg(long, conflicts_with = "kubernetes")]
    compose: bool,
    #[command(flatten)]
    kubernetes: kubernetes::Options,
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

impl Arguments {
    /// Writes the files and says where they are.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self.create() {
            Ok(next) => {
                println!("{next}");
                ExitCode::SUCCESS
            }
            Err(error) => cli::fail(&error),
        }
    }

    /// Writes the files: what was made, and what to do next.
    fn create(&self) -> Result<String, TestnetError> {
        let out = self.out.display();
        let made = |testnet: &Testnet| {
            format!("{} replicas: {}", testnet.replicas.len(), testnet.committee.display())
        };
        if let Some(target) = self.kubernetes.target() {
            return self.create_for_kubernetes(&target);
        }
        if let Some(hosts) = self.several_hosts()? {
            let ports = Ports { peer: self.base_port, http: self.http_port, listen: self.listen };
            let places = hosts::places(&hosts, self.replicas, ports)?;
            let testnet = create_for_hosts(&self.out, &places)?;
            return Ok(format!(
                "{}\ncopy each folder to its host, as {out}/README.txt tells",
                made(&testnet)
            ));
        }
        let testnet = Testnet::create(&self.out, &self.places()?, Config::default())?;
        let next = if self.compose {
            format!("mount {out} into each container; its command: replica --config .../rN/replica.toml")
        } else {
            format!("start each with: hotstuff replica --config {out}/rN/replica.toml")
        };
        Ok(format!("{}\n{next}", made(&testnet)))
    }

    fn create_for_kubernetes(&self, target: &kubernetes::Target) -> Result<String, TestnetError> {
        let replicas = self.replicas();
        draft::check_count(replicas.into())?;
        let addresses: Result<Vec<_>, _> =
            (0..replicas).map(|number| target.addresses(ReplicaId(number))).collect();
        let draft = Draft::draw(addresses?)?;
        let listen = self.listen.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let manifests = kubernetes::Manifests::new(&draft, target, listen)?;
        files::make_empty(&self.out)?;
        let common = files::write_common(&self.out, &draft)?;
        let [public, secret] = ["kubernetes.yaml", "secrets.yaml"].map(|name| self.out.join(name));
        file::create_new(&public, manifests.public.as_bytes(), false)?;
        file::create_new(&secret, manifests.secret.as_bytes(), true)?;
        let namespace = target.namespace();
        Ok(format!(
            "{replicas} replicas: {}\n\
             kubectl create namespace {namespace}   # where it is not there yet\n\
             kubectl apply -f {} -f {}",
            common.committee.display(),
            secret.display(),
            public.display(),
        ))
    }

    fn replicas(&self) -> u16 {
        self.replicas.unwrap_or(REPLICAS_MIN)
    }

    fn several_hosts(&self) -> Result<Option<Vec<Host>>, TestnetError> {
        if let Some(hosts) = &self.hosts {
            return hosts.iter().map(|host| Host::parse(host.trim())).collect::<Result<_, _>>().map(Some);
        }
        let Some(path) = &self.hosts_file else { return Ok(None) };
        let text = std::fs::read_to_string(path)
            .map_err(|source| TestnetError::HostsFile { path: path.clone(), source })?;
        hosts::of_file(&text).map(Some)
    }

    fn places(&self) -> Result<Vec<Place>, TestnetError> {
        let replicas = self.replicas();
        if usize::from(replicas) > MEMBERS_MAX {
            return Err(TestnetError::TooMany(replicas.into()));
        }
        let port =
            |base: u16, number: u16| base.checked_add(number).ok_or(TestnetError::Ports { base, replicas });
        let apart = self.http_port.abs_diff(self.base_port) >= replicas;
        if !self.compose && !apart {
            return Err(TestnetError::Ports { base: self.base_port, replicas });
        }
        (0..replicas)
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
                let at = |host| -> Result<_, TestnetError> {
                    let peer = SocketAddr::new(host, port(self.base_port, number)?);
                    Ok(Listen { peer, http: SocketAddr::new(host, http_port) })
                };
                let Listen { peer, http } = at(self.host)?;
                let addresses = MemberAddresses { peer: peer.into(), http: http.into() };
                let listen = at(self.listen.unwrap_or(self.host))?;
                Ok(Place { addresses, listen, data: "data".into() })
            })
            .collect()
    }
}

/// Writes a cluster whose replicas' folders can be taken to their hosts as they are, with what to do there.
fn create_for_hosts(folder: &Path, places: &[Place]) -> Result<Testnet, TestnetError> {
    let testnet = Testnet::create_with(folder, places, Config::default(), Committee::Copied)?;
    for ((id, path), place) in testnet.replicas.iter().zip(places) {
        let text = guide::of_replica(*id, place, places.len());
        file::create_new(&path.with_file_name("README.txt"), text.as_bytes(), false)?;
    }
    file::create_new(&folder.join("README.txt"), guide::of_cluster(places).as_bytes(), false)?;
    Ok(testnet)
}
