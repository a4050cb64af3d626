//! Four replicas, each in a container, on a network of their own.

use crate::clock;
use crate::engine::{self, LABEL, docker, in_network_of};
use crate::support::{Cluster, PROGRAM, output, until};
use hotstuff_core::{Config, ReplicaId, Span};
use hotstuff_replica::client::http;
use hotstuff_replica::client::transport::Transport;
use hotstuff_replica::config::{Listen, MemberAddresses};
use hotstuff_replica::http::StatusBody;
use hotstuff_replica::testnet::Place;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

const PEER_PORT: u16 = 7000;
const HTTP_PORT: u16 = 8080;
const REPLICAS: u16 = 4;
/// How long a replica that may be cut off is given to answer; then it is asked again.
const PATIENCE: Duration = Duration::from_secs(2);

/// The containers, gone with this value, and with them their network and image.
pub struct Containers {
    /// The files, and what all clusters can be asked.
    pub cluster: Cluster,
    /// Name of the network and of the image; containers' names begin with it.
    name: String,
    /// The network's own address, the first of its range.
    network: Ipv4Addr,
    /// The members, by ascending id.
    members: Vec<ReplicaId>,
}

impl Containers {
    /// Starts them, and waits until all are well.
    pub async fn start() -> Self {
        engine::clean_up();
        let name = format!("hotstuff-faults-{}", std::process::id());
        let network = engine::make_network(&name).await;
        let members: Vec<ReplicaId> = (0..REPLICAS).map(ReplicaId).collect();
        let place = |id: &ReplicaId| {
            let at = |port| SocketAddr::from((address(network, *id), port));
            let any = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
            let addresses = MemberAddresses { peer: at(PEER_PORT).into(), http: at(HTTP_PORT).into() };
            let listen = Listen { peer: any(PEER_PORT), http: any(HTTP_PORT) };
            Place { addresses, listen, data: "data".into() }
        };
        let places: Vec<Place> = members.iter().map(place).collect();
        // Short patience, and snapshots so often that who was away long needs one.
        let config = Config {
            timeout_min_us: Span::millis(300),
            snapshot_blocks: 64,
            retained_blocks: 32,
            ..Config::default()
        };
        let cluster = Cluster::prepare_at(&places, config);
        let this = Self { cluster, name, network, members };
        let root = this.cluster.folder.path().join("image");
        let moved = clock::library();
        engine::make_image(Path::new(PROGRAM), moved.as_deref(), &root, &this.name).await;
        for id in this.ids() {
            this.shorten_patience_of_links(id);
            this.run(id, &this.container(id), &[]).await;
        }
        for id in this.ids() {
            this.cluster.well(id).await;
        }
        this
    }

    /// The members' ids.
    pub fn ids(&self) -> Vec<ReplicaId> {
        self.members.clone()
    }

    /// The name of a replica's container.
    pub fn container(&self, id: ReplicaId) -> String {
        format!("{}-{id}", self.name)
    }

    /// Does to a replica's container what a `docker` command of one word does.
    pub async fn act(&self, action: &str, id: ReplicaId) {
        docker(&[action, &self.container(id)]).await;
    }

    /// Ends a container in order and takes it away.
    pub async fn remove(&self, name: &str) {
        docker(&["stop", name]).await;
        docker(&["rm", name]).await;
    }

    /// With which code the replica's process ended.
    pub async fn exit_code(&self, id: ReplicaId) -> String {
        docker(&["inspect", "--format", "{{.State.ExitCode}}", &self.container(id)]).await
    }

    /// Pulls a replica's cable.
    pub async fn disconnect(&self, id: ReplicaId) {
        docker(&["network", "disconnect", &self.name, &self.container(id)]).await;
    }

    /// Puts it in again.
    pub async fn connect(&self, id: ReplicaId) {
        let address = self.address(id).to_string();
        docker(&["network", "connect", "--ip", &address, &self.name, &self.container(id)]).await;
    }

    /// Has each of the two sides hear nothing of the other, or hear it again. Clients reach both.
    pub async fn set_cut(&self, sides: [&[ReplicaId]; 2], is_cut: bool) {
        let change = if is_cut { "-A" } else { "-D" };
        for [hearers, speakers] in [sides, [sides[1], sides[0]]] {
            for hearer in hearers {
                let process = self.process(*hearer).await;
                for speaker in speakers {
                    let from = self.address(*speaker).to_string();
                    let rule = ["iptables", "-w", change, "INPUT", "-s", &from, "-j", "DROP"];
                    in_network_of(&process, &rule).await;
                }
            }
        }
    }

    /// The id of a replica's process on this machine.
    pub async fn process(&self, id: ReplicaId) -> String {
        docker(&["inspect", "--format", "{{.State.Pid}}", &self.container(id)]).await
    }

    /// The network device of a replica's container. It has another name whenever it was cut off.
    pub async fn device(&self, id: ReplicaId) -> String {
        let address = self.address(id).to_string();
        let show = ["ip", "-oneline", "address", "show", "to", &address];
        let shown = in_network_of(&self.process(id).await, &show).await;
        shown.split_whitespace().nth(1).unwrap_or_else(|| panic!("{id} is on no network")).to_owned()
    }

    /// A replica's status, if it answers.
    pub async fn status(&self, id: ReplicaId) -> Option<StatusBody> {
        let url = format!("http://{}:{HTTP_PORT}/status", self.address(id));
        let answer = http::get(&Transport::default(), &url, PATIENCE).await.ok()?;
        serde_json::from_slice(&answer.body).ok()
    }

    /// The height that a replica has committed.
    pub async fn height(&self, id: ReplicaId) -> u64 {
        until(&format!("{id} tells its height"), async || self.status(id).await).await.height
    }

    /// Returns when each of `ids` has committed so many blocks more.
    pub async fn grown(&self, ids: &[ReplicaId], blocks: u64) {
        for id in ids {
            let target = self.height(*id).await + blocks;
            let reached = async || self.status(*id).await.filter(|status| status.height >= target);
            until(&format!("{id} commits {blocks} more blocks"), reached).await;
        }
    }

    /// Returns when a replica has found out that its links from and to `others` are dead.
    pub async fn unlinked(&self, id: ReplicaId, others: &[ReplicaId]) {
        until(&format!("{id} has no links with {others:?}"), async || {
            let peers = self.status(id).await?.peers.into_iter();
            let mut peers = peers.filter(|peer| others.contains(&ReplicaId(peer.id)));
            peers.all(|peer| !peer.connected && !peer.receiving).then_some(())
        })
        .await
    }

    /// What a replica has logged, of all its starts.
    pub async fn logged(&self, id: ReplicaId) -> String {
        self.logged_by(&self.container(id)).await
    }

    /// What a container has logged.
    pub async fn logged_by(&self, name: &str) -> String {
        let mut command = Command::new("docker");
        command.args(["logs", name]);
        let Output { stdout, stderr, .. } = output(command, b"").await;
        String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned()
    }

    fn address(&self, id: ReplicaId) -> Ipv4Addr {
        address(self.network, id)
    }

    /// Has one more replica take part, in a container of its own, under a number that nobody had; it is no member
    /// yet.
    pub async fn join(&mut self) -> ReplicaId {
        let known = self.cluster.file.addresses.keys().next_back();
        let id = ReplicaId(known.map_or(0, |id| id.0 + 1));
        let [peer, http] = [PEER_PORT, HTTP_PORT].map(|port| format!("{}:{port}", self.address(id)));
        let row = self.cluster.joiner(id, &peer, &http).await;
        self.cluster.append_to_committee(&row);
        self.shorten_patience_of_links(id);
        for member in &self.members {
            docker(&["kill", "--signal", "HUP", &self.container(*member)]).await;
        }
        self.run(id, &self.container(id), &[]).await;
        self.cluster.well(id).await;
        id
    }

    /// Makes a change by which `members` are the members.
    pub async fn change(&mut self, change: &[&str], members: Vec<ReplicaId>) {
        self.cluster.change(change).await;
        self.members = members;
        self.cluster.in_epoch(&self.members, self.cluster.file.current.epoch().0, true).await;
    }

    /// Starts a replica's container under a name, with variables of its environment.
    pub async fn run(&self, id: ReplicaId, name: &str, variables: &[String]) {
        let files = self.cluster.folder.path().join("testnet");
        let files = files.to_str().unwrap();
        let user = format!("{}:{}", rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        let filter = "RUST_LOG=hotstuff_replica=info,hotstuff_replica::driver::events=debug";
        let variables = variables.iter().flat_map(|variable| ["--env", variable.as_str()]);
        docker(
            &[
                &["run", "--detach", "--label", LABEL, "--name", name, "--user", &user][..],
                &["--network", &self.name, "--ip", &self.address(id).to_string(), "--env", filter],
                &["--volume", &format!("{files}:{files}"), "--read-only"],
                &variables.collect::<Vec<_>>(),
                &[&self.name, "replica", "--config"],
                &[self.cluster.testnet.replicas[&id].to_str().unwrap()],
            ]
            .concat(),
        )
        .await;
    }

    /// So that a cut is found out, and links stand again, within a second or two.
    fn shorten_patience_of_links(&self, id: ReplicaId) {
        let file = &self.cluster.testnet.replicas[&id];
        let text = std::fs::read_to_string(file).unwrap();
        let mut shortened = 0;
        let mut shorten = |line: &str| {
            let (name, _) = line.split_once(" = ")?;
            let span_us = match name {
                "handshake_us" | "dead_us" => 2_000_000,
                "ping_us" => 500_000,
                "redial_max_us" => 1_000_000,
                _ => return None,
            };
            shortened += 1;
            Some(format!("{name} = {span_us}"))
        };
        let lines: Vec<String> =
            text.lines().map(|line| shorten(line).unwrap_or_else(|| line.to_owned())).collect();
        assert_eq!(shortened, 4, "{text}");
        std::fs::write(file, lines.join("\n")).unwrap();
    }

    /// The ends of what all have logged, for whoever reads why a test failed.
    fn show_logs(&self) {
        for id in self.ids() {
            let mut logs = Command::new("docker");
            let printed = logs.args(["logs", "--tail", "15", &self.container(id)]).output();
            let text = printed.map(|printed| [printed.stdout, printed.stderr].concat()).unwrap_or_default();
            eprintln!("--- {id}\n{}", String::from_utf8_lossy(&text));
        }
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_logs();
        }
        engine::clean_up();
    }
}

/// A replica's address. A network's first ones are its own and this machine's.
fn address(network: Ipv4Addr, id: ReplicaId) -> Ipv4Addr {
    Ipv4Addr::from_bits(network.to_bits() + 10 + u32::from(id.0))
}
