//! `hotstuff demo`, from start to Ctrl-C.

use crate::support::{BOUND, Cluster, PROGRAM, Process, free_ports, output, said, until};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use tempfile::TempDir;

/// A running demonstration and what it says.
struct Demo {
    process: Process,
    lines: mpsc::Receiver<String>,
    stderr: Option<ChildStderr>,
    /// The first of its ports.
    port: u16,
    /// Where it makes its temporary folder.
    scratch: TempDir,
}

impl Demo {
    fn start(more: &[&str]) -> Self {
        let port = four_free_ports();
        let scratch = TempDir::new().unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["demo", "--port", &port.to_string()]).args(more).env("TMPDIR", scratch.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(&mut command);
        let lines = lines_of(process.0.stdout.take().unwrap());
        let stderr = process.0.stderr.take();
        Self { process, lines, stderr, port, scratch }
    }

    /// Waits for a line that contains `text`, and returns it.
    fn line_with(&mut self, text: &str) -> String {
        loop {
            match self.lines.recv_timeout(BOUND) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(_) => {
                    let stderr = std::io::read_to_string(self.stderr.take().unwrap()).unwrap_or_default();
                    panic!("no line with {text:?}; {stderr}");
                }
            }
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process.0)
    }

    async fn ended(&mut self) -> ExitStatus {
        until("the demonstration ends", async || self.process.0.try_wait().unwrap()).await
    }

    /// Whether nobody listens on its ports any more.
    fn ports_are_free(&self) -> bool {
        (self.port..self.port + 4).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    }
}

fn lines_of(stdout: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The first of four adjacent ports that nobody listens on.
fn four_free_ports() -> u16 {
    let adjacent = |ports: &[u16; 4]| ports.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    std::iter::repeat_with(free_ports::<4>).take(1_000).find(adjacent).expect("some are adjacent")[0]
}

/// Runs a line as a person's shell does who pasted it.
async fn paste(line: &str) -> std::process::Output {
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    output(command, b"").await
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn a_demonstration_does_what_it_says_and_leaves_nothing_behind() {
    let mut demo = Demo::start(&[]);
    assert!(demo.line_with("http://").ends_with(&format!("http://127.0.0.1:{}", demo.port)));
    let command = demo.line_with("set hello world");
    assert_eq!(said(&paste(&command).await), (Some(0), "OK\n", ""), "{command}");
    let status = demo.line_with("status --committee");
    assert!(said(&paste(&status).await).1.contains("4 of 4 replicas are reachable"), "{status}");
    assert_eq!(entries(demo.scratch.path()).len(), 1, "its folder is a temporary one");

    let kill = demo.line_with("kill -9");
    assert_eq!(paste(&kill).await.status.code(), Some(0), "{kill}");
    assert!(demo.line_with("r1 (process").contains("3 replicas go on"));
    let restart = demo.line_with("replica --config");
    assert!(restart.contains("/r1/replica.toml"), "{restart}");
    let get = command.replace("set hello world", "--timeout 60 get hello");
    assert_eq!(said(&paste(&get).await), (Some(0), "world\n", ""), "{get}");

    kill_process(demo.pid(), Signal::INT).unwrap();
    assert_eq!(demo.ended().await.code(), Some(0));
    assert!(demo.ports_are_free(), "its replicas have ended before it");
    assert_eq!(entries(demo.scratch.path()), [] as [PathBuf; 0]);
    let stderr = std::io::read_to_string(demo.stderr.take().unwrap()).unwrap();
    assert_eq!(stderr, "");
}

#[tokio::test]
async fn replicas_end_with_a_demonstration_that_is_killed() {
    let mut demo = Demo::start(&[]);
    demo.line_with("kill -9");
    kill_process(demo.pid(), Signal::KILL).unwrap();
    demo.ended().await;
    until("all replicas have ended", async || demo.ports_are_free().then_some(())).await;
}

#[tokio::test]
async fn a_folder_keeps_a_cluster_from_one_demonstration_to_the_next() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("my cluster");
    let dir = dir.to_str().unwrap();
    let mut demo = Demo::start(&["--dir", dir]);
    let set = demo.line_with("set hello world");
    assert_eq!(said(&paste(&set).await), (Some(0), "OK\n", ""), "{set}");
    kill_process(demo.pid(), Signal::TERM).unwrap();
    assert_eq!(demo.ended().await.code(), Some(0));
    let port = demo.port.to_string();

    let wrong = hotstuff_demo(&["--dir", dir, "--replicas", "5"]).await;
    let (code, _, stderr) = said(&wrong);
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&format!("holds a cluster of 4 replicas, the first at port {port}")), "{stderr}");

    let mut command = Command::new(PROGRAM);
    command.args(["demo", "--dir", dir]).stdin(Stdio::null()).stdout(Stdio::piped());
    demo.process = Process::start(&mut command);
    demo.lines = lines_of(demo.process.0.stdout.take().unwrap());
    let get = demo.line_with("set hello world").replace("set hello world", "get hello");
    assert_eq!(said(&paste(&get).await), (Some(0), "world\n", ""), "{get}");
    kill_process(demo.pid(), Signal::INT).unwrap();
    assert_eq!(demo.ended().await.code(), Some(0));
    assert!(Path::new(dir).join("committee.toml").exists());
}

#[tokio::test]
async fn a_replica_that_does_not_start_ends_the_demonstration_with_its_last_words() {
    let cluster = Cluster::prepare(4);
    let folder = cluster.testnet.committee.parent().unwrap();
    let file = std::fs::read_to_string(folder.join("r2/replica.toml")).unwrap();
    std::fs::write(folder.join("r2/replica.toml"), file.replace("replica.key", "lost.key")).unwrap();
    let ended = hotstuff_demo(&["--dir", folder.to_str().unwrap()]).await;
    let (code, _, stderr) = said(&ended);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("r2 ended before the cluster stood") && stderr.contains("lost.key"), "{stderr}");
    for addresses in cluster.file.addresses.values() {
        TcpListener::bind((Ipv4Addr::LOCALHOST, addresses.http.port())).expect("the others have ended, too");
    }
}

async fn hotstuff_demo(arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(PROGRAM);
    command.arg("demo").args(arguments);
    output(command, b"").await
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_is_started() {
    let first = four_free_ports();
    let third = TcpListener::bind((Ipv4Addr::LOCALHOST, first + 2)).unwrap();
    let port = first.to_string();
    let in_use = format!("port {} is in use", first + 2);
    for (arguments, expected) in [
        (&["--port", &port][..], in_use.as_str()),
        (&["--replicas", "3"], "3 replicas are too few: 4 is the least"),
        (&["--replicas", "101"], "101 replicas are too many for one machine: 100 is the most"),
        (&["--port", "65534"], "65535"),
    ] {
        let ended = hotstuff_demo(arguments).await;
        let (code, stdout, stderr) = said(&ended);
        assert_eq!((code, stdout), (Some(1), ""), "{stderr}");
        assert!(stderr.starts_with("hotstuff: ") && stderr.contains(expected), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
    drop(third);
    for usage in [["--port", "0"], ["--port", "65536"], ["--replicas", "-1"]] {
        assert_eq!(hotstuff_demo(&usage).await.status.code(), Some(2), "{usage:?}");
    }
}
