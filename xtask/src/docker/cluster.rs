//! A cluster of containers for the tests: a Compose project of its own, on ports that are free.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

use super::{docker, inspect};
use crate::console::Console;
use crate::process::{capture, command};
use crate::project::Project;

const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const COMPOSE_LIMIT: Duration = Duration::from_secs(3 * 60);
const HEALTHY_LIMIT: Duration = Duration::from_secs(90);
const CLIENT_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(300);
const REPLICAS: usize = 4;

/// The cluster; taken down with everything it wrote when it is dropped.
pub struct Cluster<'a> {
    console: &'a Console,
    project: &'a Project,
    compose: &'static [&'static str],
    /// Project of Compose. Another checkout has another, so that two can test at once.
    name: String,
    image: String,
    build_image: String,
    ports: Vec<u16>,
    /// Files and the program that the client needs.
    folder: PathBuf,
}

impl<'a> Cluster<'a> {
    /// Takes down what an earlier run may have left, and chooses ports.
    ///
    /// # Errors
    /// When there are no free ports, or Compose does not take its file.
    pub fn new(console: &'a Console, project: &'a Project, compose: &'static [&'static str]) -> Result<Self> {
        // All are held until the last is found, so that they differ.
        let listeners =
            (0..REPLICAS).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>()?;
        let ports = listeners.iter().map(|l| Ok(l.local_addr()?.port())).collect::<Result<_>>()?;
        let folder = project.scratch().join("docker-client");
        let name = name(&project.root);
        let (image, build_image) = (format!("{name}:latest"), format!("{name}-build:latest"));
        let cluster = Self { console, project, compose, name, image, build_image, ports, folder };
        cluster.run("taking down what was left", COMPOSE_LIMIT, &DOWN)?;
        Ok(cluster)
    }

    /// Builds the image. Only the newest of its build stage is kept.
    ///
    /// # Errors
    /// When the build fails.
    pub fn build(&self) -> Result<()> {
        let images = [self.build_image.as_str(), self.image.as_str()];
        let id = |name| inspect("image", name, "{{.Id}}");
        let earlier = images.map(id);
        let mut stage = docker(&["build", "--target", "build", "--tag", &self.build_image, "."]);
        self.console.run("docker build", BUILD_LIMIT, stage.current_dir(&self.project.root))?;
        self.run("building the image", BUILD_LIMIT, &["build"])?;
        for (earlier, name) in earlier.into_iter().zip(images) {
            if let Some(earlier) = earlier.filter(|earlier| id(name).as_ref() != Some(earlier)) {
                // Somebody else may use it; then it stays.
                let _ = capture(&mut docker(&["image", "rm", &earlier]));
            }
        }
        Ok(())
    }

    /// Starts all replicas and waits until each says that it is healthy.
    ///
    /// # Errors
    /// When one does not come up in time.
    pub fn start(&self) -> Result<()> {
        self.run("starting the cluster", COMPOSE_LIMIT, &["up", "--detach"])?;
        for index in 0..REPLICAS {
            self.wait_until_healthy(index)?;
        }
        self.prepare_client()
    }

    /// Kills the replica of this number, with no chance to say good-bye.
    ///
    /// # Errors
    /// When the engine does not do it.
    pub fn kill(&self, index: usize) -> Result<()> {
        let container = self.container(index)?;
        self.console.run("docker kill", COMPOSE_LIMIT, &mut docker(&["kill", &container]))?;
        let is_running = inspect("container", &container, "{{.State.Running}}");
        ensure!(is_running.as_deref() == Some("false"), "r{index} runs after it was killed");
        Ok(())
    }

    /// Starts a killed replica again on its volume, and waits until it is healthy.
    ///
    /// # Errors
    /// When it does not come up in time.
    pub fn restart(&self, index: usize) -> Result<()> {
        let container = self.container(index)?;
        self.console.run("docker start", COMPOSE_LIMIT, &mut docker(&["start", &container]))?;
        self.wait_until_healthy(index)
    }

    /// Sends one command as a client would, and returns what it printed.
    ///
    /// # Errors
    /// When the client fails.
    pub fn send(&self, words: &[&str]) -> Result<String> {
        let mut client = command(self.folder.join("hotstuff"));
        client.arg("client").arg("--committee").arg(self.folder.join("committee.toml"));
        client.arg("--key").arg(self.folder.join("client.key")).args(words);
        let output = self.console.run(&format!("client {}", words.join(" ")), CLIENT_LIMIT, &mut client)?;
        Ok(output.trim().to_owned())
    }

    /// Sends one command from a client in a container of its own, and returns what it printed.
    ///
    /// # Errors
    /// When the client fails.
    pub fn send_from_container(&self, words: &[&str]) -> Result<String> {
        let what = format!("client in a container {}", words.join(" "));
        let output = self.run(&what, CLIENT_LIMIT, &[&["run", "--rm", "-T", "client"], words].concat())?;
        Ok(output.trim().to_owned())
    }

    /// Has random commands sent until one has taken effect, ends that as Compose does, and returns what was summed up.
    ///
    /// # Errors
    /// When none takes effect, or it does not end in order.
    pub fn random_load(&self) -> Result<String> {
        self.run("random commands", COMPOSE_LIMIT, &["--profile", "load", "up", "--detach", "load"])?;
        let start = Instant::now();
        while !self.send(&["list", "k", "--limit", "1"])?.starts_with('k') {
            ensure!(start.elapsed() < HEALTHY_LIMIT, "no random command has set a key");
            std::thread::park_timeout(POLL);
        }
        self.run("ending them", COMPOSE_LIMIT, &["--profile", "load", "stop", "load"])?;
        let listed = capture(&mut self.compose(&["--profile", "load", "ps", "--all", "--quiet", "load"]))?;
        let container = listed.lines().next().context("the load has no container")?;
        let code = inspect("container", container, "{{.State.ExitCode}}");
        ensure!(code.as_deref() == Some("0"), "the load ended with code {code:?}");
        capture(&mut docker(&["logs", container]))
    }

    /// The last that every replica wrote.
    pub fn logs(&self) -> String {
        capture(&mut self.compose(&["logs", "--no-color", "--tail", "60"])).unwrap_or_default()
    }

    /// As whom the replicas run.
    ///
    /// # Errors
    /// When there is no container.
    pub fn user(&self) -> Result<String> {
        inspect("container", &self.container(0)?, "{{.Config.User}}").context("r0 has no user")
    }

    fn wait_until_healthy(&self, index: usize) -> Result<()> {
        let container = self.container(index)?;
        let start = Instant::now();
        loop {
            let format = "{{.State.Running}} {{.State.Health.Status}}";
            let state = inspect("container", &container, format).unwrap_or_default();
            match state.as_str() {
                "true healthy" => return Ok(()),
                "false starting" | "false unhealthy" => bail!("r{index} has ended"),
                _ if self.console.is_interrupted() => bail!("interrupted"),
                _ if start.elapsed() > HEALTHY_LIMIT => bail!("r{index} is not healthy: {state}"),
                _ => std::thread::park_timeout(POLL),
            }
        }
    }

    fn container(&self, index: usize) -> Result<String> {
        let answer = capture(&mut self.compose(&["ps", "--all", "--quiet", &format!("r{index}")]))?;
        let id = answer.lines().next().with_context(|| format!("r{index} has no container"))?;
        Ok(id.to_owned())
    }

    /// The program out of the image, and the committee's files with the ports of this run.
    fn prepare_client(&self) -> Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let program = format!("{}:/hotstuff", self.container(0)?);
        let to = self.folder.join("hotstuff");
        self.console.run("docker cp", COMPOSE_LIMIT, docker(&["cp", &program]).arg(&to))?;
        let files = self.project.root.join("configs/compose");
        let committee = std::fs::read_to_string(files.join("committee.toml")).context("committee.toml")?;
        std::fs::write(self.folder.join("committee.toml"), with_ports(&committee, &self.ports)?)?;
        let key = self.folder.join("client.key");
        std::fs::copy(files.join("client.key"), &key).context("client.key")?;
        Ok(std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600))?)
    }

    fn compose(&self, arguments: &[&str]) -> Command {
        let mut compose = command(self.compose[0]);
        compose.args(&self.compose[1..]).args(["--project-name", &self.name]).args(arguments);
        compose.current_dir(&self.project.root).env("HOTSTUFF_IMAGE", &self.image);
        for (index, port) in self.ports.iter().enumerate() {
            compose.env(format!("HOTSTUFF_PORT_R{index}"), port.to_string());
        }
        compose
    }

    fn run(&self, what: &str, limit: Duration, arguments: &[&str]) -> Result<String> {
        self.console.run(what, limit, &mut self.compose(arguments))
    }
}

const DOWN: [&str; 9] =
    ["--profile", "client", "--profile", "load", "down", "--volumes", "--remove-orphans", "--timeout", "5"];

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        let down = || self.run("taking the cluster down", COMPOSE_LIMIT, &DOWN);
        if let Err(error) = self.console.despite_interrupts(down) {
            self.console.say(format!("docker: the cluster is still there: {error:#}"));
        }
        remove(&self.folder);
    }
}

fn remove(folder: &Path) {
    // It lies in the target folder: what is left of it is in nobody's way.
    let _ = std::fs::remove_dir_all(folder);
}

/// A name that this checkout has at every run, and no other one has.
fn name(root: &Path) -> String {
    let hash = Sha256::digest(root.as_os_str().as_encoded_bytes());
    let digits: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("hotstuff-test-{digits}")
}

/// The committee's file with these ports for its clients.
fn with_ports(committee: &str, ports: &[u16]) -> Result<String> {
    let mut left = ports.iter();
    let lines = committee.lines().map(|line| {
        if !line.trim_start().starts_with("http = ") {
            return Ok(line.to_owned());
        }
        let port = left.next().context("the committee has more members than ports were chosen")?;
        Ok(format!("http = \"127.0.0.1:{port}\""))
    });
    let text = lines.collect::<Result<Vec<_>>>()?.join("\n");
    ensure!(left.next().is_none(), "the committee has fewer members than ports were chosen");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkouts_do_not_share_a_cluster() {
        assert_eq!(name(Path::new("/a")), name(Path::new("/a")));
        assert_ne!(name(Path::new("/a")), name(Path::new("/b")));
    }

    #[test]
    fn every_member_gets_its_port() {
        let committee = "a = 1\nhttp = \"x:1\"\npeer = \"r0:1\"\nhttp = \"y:2\"";
        let expected = "a = 1\nhttp = \"127.0.0.1:7\"\npeer = \"r0:1\"\nhttp = \"127.0.0.1:8\"";
        assert_eq!(with_ports(committee, &[7, 8]).unwrap(), expected);
        assert!(with_ports(committee, &[7]).is_err());
        assert!(with_ports(committee, &[7, 8, 9]).is_err());
    }
}
