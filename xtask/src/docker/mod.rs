//! Docker: what of it this machine has, and the cluster of containers that the tests use.

mod caches;
pub mod cluster;
pub mod stand_in;

use std::process::Command;

use crate::process::{capture, command};

/// A `docker` command.
pub fn docker(arguments: &[&str]) -> Command {
    let mut docker = command("docker");
    docker.args(arguments);
    docker
}

/// Version of the engine, if one answers.
pub fn engine() -> Option<String> {
    let version = capture(&mut docker(&["version", "--format", "{{.Server.Version}}"])).ok()?;
    Some(version.trim().to_owned()).filter(|version| !version.is_empty())
}

/// The words that start Compose: v2 is a part of `docker`, v1 a program of its own.
pub fn compose() -> Option<&'static [&'static str]> {
    const KINDS: [&[&str]; 2] = [&["docker", "compose"], &["docker-compose"]];
    let answers =
        |words: &&[&str]| capture(command(words[0]).args(&words[1..]).args(["version", "--short"])).is_ok();
    KINDS.into_iter().find(answers)
}

/// What `docker inspect` says about one image or container; nothing if there is none.
fn inspect(kind: &str, name: &str, format: &str) -> Option<String> {
    let answer = capture(&mut docker(&[kind, "inspect", "--format", format, name])).ok()?;
    Some(answer.trim().to_owned())
}
