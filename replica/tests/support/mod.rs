//! Clusters of real `hotstuff` processes on loopback, ended with the test, however it ends.

#![allow(dead_code, reason = "each test program uses its part")]

mod committee;

use hotstuff_core::client::ClientConfig;
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::{Config, ReplicaId, Span};
use hotstuff_replica::client::status::{Head, Survey};
use hotstuff_replica::client::transport::Transport;
use hotstuff_replica::client::{ClientDriver, Endpoint, health, http};
use hotstuff_replica::config::{CommitteeFile, Listen, MemberAddresses, load_key};
use hotstuff_replica::http::StatusBody;
use hotstuff_replica::testnet::{Place, Testnet};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// No wait of a test is longer than this.
pub const BOUND: Duration = Duration::from_secs(120);
/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_hotstuff");

/// A process that does not outlive this value.
pub struct Process(pub Child);

impl Process {
    /// Starts `command`.
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().expect("the program starts"))
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it can be waited for");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A testnet in a temporary folder, and those of its replicas that run.
pub struct Cluster {
    /// Everything is in here, the replicas' logs too.
    pub folder: TempDir,
    pub testnet: Testnet,
    pub file: CommitteeFile,
    /// What replicas log, as `RUST_LOG` has it.
    pub log_filter: String,
    running: BTreeMap<ReplicaId, Process>,
}

impl Cluster {
    /// The files of a cluster that nobody runs.
    pub fn prepare(replicas: u16) -> Self {
        Self::prepare_with(replicas, Config::default())
    }

    /// The same, with settings of the protocol.
    pub fn prepare_with(replicas: u16, config: Config) -> Self {
        let place = |_| {
            let [peer, http] = free_ports().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
            let addresses = MemberAddresses { peer: peer.into(), http: http.into() };
            Place { addresses, listen: Listen { peer, http }, data: "data".into() }
        };
        Self::prepare_at(&(0..replicas).map(place).collect::<Vec<_>>(), config)
    }

    /// The same, with replicas in places of their own.
    pub fn prepare_at(places: &[Place], config: Config) -> Self {
        let folder = TempDir::new().unwrap();
        let testnet = Testnet::create(&folder.path().join("testnet"), places, config).unwrap();
        let file = CommitteeFile::load(&testnet.committee).unwrap();
        let log_filter = "warn,hotstuff_replica=info".to_owned();
        Self { folder, testnet, file, log_filter, running: BTreeMap::new() }
    }

    /// A cluster with all replicas well.
    pub async fn start(replicas: u16) -> Self {
        let mut cluster = Self::prepare(replicas);
        cluster.start_all().await;
        cluster
    }

    /// Starts all replicas, and waits until they are well.
    pub async fn start_all(&mut self) {
        for id in self.ids() {
            self.start_replica(id);
        }
        for id in self.ids() {
            self.well(id).await;
        }
    }

    /// All replicas' ids.
    pub fn ids(&self) -> Vec<ReplicaId> {
        self.testnet.replicas.keys().copied().collect()
    }

    /// Starts one replica's process.
    pub fn start_replica(&mut self, id: ReplicaId) {
        self.start_replica_by(id, Command::new(PROGRAM));
    }

    /// The same by another command, which is to run the program with the arguments that are added.
    pub fn start_replica_by(&mut self, id: ReplicaId, command: Command) {
        let filter = self.log_filter.clone();
        self.launch(id, command, &filter);
    }

    /// Starts one replica's process, with so much in its log.
    pub fn start_logging(&mut self, id: ReplicaId, level: &str) {
        self.launch(id, Command::new(PROGRAM), level);
    }

    fn launch(&mut self, id: ReplicaId, mut command: Command, level: &str) {
        let log = File::options().create(true).append(true).open(self.log(id)).unwrap();
        command.arg("replica").arg("--config").arg(&self.testnet.replicas[&id]).stdin(Stdio::null());
        command.env("RUST_LOG", level).stdout(log.try_clone().unwrap()).stderr(log);
        self.running.insert(id, Process::start(&mut command));
    }

    /// `kill -9` for one replica.
    pub fn kill_replica(&mut self, id: ReplicaId) {
        self.running.remove(&id).expect("it runs").kill();
    }

    /// Waits until one replica ends by itself.
    pub async fn ended(&mut self, id: ReplicaId) -> ExitStatus {
        let process = self.running.get_mut(&id).expect("it runs");
        let status = until(&format!("{id} ends"), async || process.0.try_wait().unwrap()).await;
        self.running.remove(&id);
        status
    }

    /// The folder of a replica's store.
    pub fn data(&self, id: ReplicaId) -> PathBuf {
        self.testnet.replicas[&id].with_file_name("data")
    }

    /// Has one replica end in order, and returns once it has: how it ended.
    #[cfg(unix)]
    pub async fn terminate_replica(&mut self, id: ReplicaId) -> ExitStatus {
        let mut process = self.running.remove(&id).expect("it runs");
        let pid = rustix::process::Pid::from_child(&process.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        until(&format!("{id} has ended"), async || process.0.try_wait().unwrap()).await
    }

    /// Has one replica read the committee file again, and waits until it has.
    #[cfg(unix)]
    pub async fn reload_replica(&self, id: ReplicaId) {
        let times = || self.logged(id).matches("committee.toml again").count();
        let before = times();
        let pid = rustix::process::Pid::from_child(&self.running[&id].0);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
        until(&format!("{id} reads its committee file"), async || (times() > before).then_some(())).await;
    }

    /// Adds to the committee file.
    pub fn append_to_committee(&mut self, rows: &str) {
        let text = fs::read_to_string(&self.testnet.committee).unwrap() + rows;
        fs::write(&self.testnet.committee, text).unwrap();
        self.file = CommitteeFile::load(&self.testnet.committee).unwrap();
    }

    /// What one replica says of itself.
    pub async fn status(&self, id: ReplicaId) -> Option<StatusBody> {
        let url = format!("http://{}/status", self.file.addresses[&id].http);
        let answer = http::get(&Transport::default(), &url, BOUND).await.ok()?;
        serde_json::from_slice(&answer.body).ok()
    }

    /// Waits until one replica says that it is well.
    pub async fn well(&self, id: ReplicaId) {
        let url = format!("http://{}/healthz", self.file.addresses[&id].http);
        until(&format!("{id} is well"), async || health::check(&url, BOUND).await.ok()).await;
    }

    /// Waits until a replica that was started has committed what the others had, and has voted in a view
    /// that nobody was in yet. That takes clients at work.
    pub async fn rejoined(&self, id: ReplicaId) {
        self.well(id).await;
        let asked = Survey::take(&self.file, BOUND).await.replicas.into_iter();
        let reports: Vec<_> = asked.filter_map(|found| found.report.ok()).collect();
        let height = reports.iter().map(|report| report.committed_head.height).max().unwrap();
        let view = reports.iter().map(|report| report.view).max().unwrap();
        until(&format!("{id} has height {height} and votes above view {view}"), async || {
            let status = self.status(id).await?;
            (status.height >= height && status.last_voted > view).then_some(())
        })
        .await
    }

    /// Waits until all of `ids` have committed the same block at `height` or above, with the same
    /// state: that block and that state root.
    pub async fn agreed(&self, ids: &[ReplicaId], height: u64) -> (Head, String) {
        let what = format!("{ids:?} agree at height {height} or above");
        until(&what, async || {
            let survey = Survey::take(&self.file, BOUND).await;
            let asked = survey.replicas.into_iter().filter(|found| ids.contains(&found.id));
            let stands = |found: hotstuff_replica::client::status::Found| {
                found.report.ok().map(|report| (report.committed_head, report.state_root))
            };
            let mut stands: Vec<(Head, String)> = asked.map(stands).collect::<Option<_>>()?;
            let agree = stands.windows(2).all(|pair| pair[0] == pair[1]);
            stands.pop().filter(|(head, _)| agree && head.height >= height)
        })
        .await
    }

    /// A client of this cluster, with the key that the testnet made.
    pub fn client(&self) -> ClientDriver {
        self.client_by(load_key(&self.testnet.client_key).unwrap())
    }

    /// A client with another key.
    pub fn client_by(&self, key: SecretKey) -> ClientDriver {
        let endpoint = |(id, at): (&ReplicaId, &MemberAddresses)| Endpoint {
            replica: *id,
            url: format!("ws://{}/client", at.http),
        };
        let members = self.file.addresses.iter().filter(|(id, _)| self.file.current.contains(**id));
        let endpoints = members.map(endpoint).collect();
        let give_up_us = Span::millis(BOUND.as_millis() as u64);
        let config = ClientConfig { give_up_us, ..ClientConfig::default() };
        ClientDriver::start(key, self.file.current.clone(), endpoints, config)
    }

    /// Runs `hotstuff client` with this cluster's committee and key, and `arguments`.
    pub async fn run_client<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.arg("client").arg("--committee").arg(&self.testnet.committee);
        command.arg("--key").arg(&self.testnet.client_key).args(arguments);
        output(command, b"").await
    }

    /// What one replica has logged.
    pub fn logged(&self, id: ReplicaId) -> String {
        fs::read_to_string(self.log(id)).unwrap()
    }

    /// What a replica has said on standard output and standard error.
    pub fn log(&self, id: ReplicaId) -> PathBuf {
        self.folder.path().join(format!("{id}.log"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.running.clear();
        if std::thread::panicking() {
            for log in self.ids().into_iter().map(|id| self.log(id)).filter(|log| log.exists()) {
                show_end(&log);
            }
        }
    }
}

/// Numbers that look random; the same ones for a seed.
pub struct Chance(pub u64);

impl Chance {
    /// The next one.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Prints the last lines of a log, for whoever reads why a test failed.
pub fn show_end(log: &Path) {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    eprintln!("--- {}\n{}", log.display(), lines[lines.len().saturating_sub(15)..].join("\n"));
}

/// Runs `command` to its end, with `input` as its standard input.
pub async fn output(command: Command, input: &[u8]) -> Output {
    use tokio::io::AsyncWriteExt;
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().unwrap();
    let write = async move { stdin.write_all(input).await.ok() };
    let both = async { tokio::join!(write, child.wait_with_output()).1.unwrap() };
    timeout(BOUND, both).await.expect("the program ends in time")
}

/// A finished program's exit code, standard output and standard error.
pub fn said(output: &Output) -> (Option<i32>, &str, &str) {
    let text = |bytes| std::str::from_utf8(bytes).expect("it prints UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Asks `condition` again and again until it has a value.
pub async fn until<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let asked = async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(BOUND, asked).await.unwrap_or_else(|_| panic!("waited in vain until {what}"))
}

/// Ports of loopback that nobody listens on. Each call in this process gives others, and they are
/// not from the range of outgoing connections, one of which could take a port before it is used.
pub fn free_ports<const N: usize>() -> [u16; N] {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 200) as u16 * 100;
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let mut ports =
        std::iter::repeat_with(|| 10_000 + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 22_000)
            .take(22_000)
            .filter(free);
    std::array::from_fn(|_| ports.next().expect("there are free ports"))
}
