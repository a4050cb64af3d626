//! Manifests for Kubernetes, as `hotstuff testnet --kubernetes` writes them, by the schemas of Kubernetes' own API; and
//! manifests with a mistake, each of which must be found.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::{Bench, Done};
use crate::process::{capture, command};
use crate::setup;

const LIMIT: Duration = Duration::from_secs(15 * 60);
/// The oldest release that the manifests are for: it tells a pod its index.
const OLDEST: &str = "1.28";
const PROGRAM: &str = "debug/hotstuff";
const FILES: [&str; 2] = ["kubernetes.yaml", "secrets.yaml"];

/// What is asked for, under a name.
const CLUSTERS: [(&str, &[&str]); 3] = [
    ("four", &[]),
    (
        "seven",
        &["--replicas", "7", "--namespace", "consensus", "--storage", "100Gi", "--storage-class", "fast"],
    ),
    ("ipv6", &["--listen", "::"]),
];

/// Mistakes: what kind of, what they replace, and by what.
const MISTAKES: [(&str, &str, &str); 6] = [
    ("an unknown field", "podManagementPolicy:", "podManagementPolicies:"),
    ("an unknown field far inside", "readOnlyRootFilesystem:", "readOnlyRootFileSystem:"),
    ("a word for a number", "replicas: 4\n", "replicas: four\n"),
    ("a text for a truth value", "enableServiceLinks: false\n", "enableServiceLinks: \"false\"\n"),
    ("a missing field", "        name: replica\n", ""),
    ("an unknown version of a kind", "apiVersion: policy/v1\n", "apiVersion: policy/v9\n"),
];

/// Checks what is written, for the oldest and the newest release, and that the checker finds mistakes.
pub(super) fn run(bench: &Bench<'_>) -> Result<Done> {
    let checker = Checker { bench, program: setup::manifests::ensure(bench.console, bench.project)? };
    let mut build = command("cargo");
    build.args(["build", "--workspace", "--bin", "hotstuff"]).current_dir(&bench.project.root);
    bench.console.run("building the binary", LIMIT, &mut build)?;
    let folder = bench.project.scratch().join("manifests");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let newest = bench.project.kubernetes_validate_version()?;
    let newest = newest.rsplit_once('.').map_or(newest, |(release, _)| release);
    let mut objects = 0;
    for (name, options) in CLUSTERS {
        let out = folder.join(name);
        let mut testnet = command(bench.project.target.join(PROGRAM));
        testnet.args(["testnet", "--kubernetes", "--image", "registry.example/hotstuff:1.0", "--out"]);
        capture(testnet.arg(&out).args(options))?;
        for release in [OLDEST, newest] {
            for file in FILES.map(|file| out.join(file)) {
                objects += checker
                    .check(&file, release)?
                    .with_context(|| format!("{} is not valid", file.display()))?;
            }
        }
    }
    let good = std::fs::read_to_string(folder.join("four").join(FILES[0]))?;
    for (what, from, to) in MISTAKES {
        let bad = good.replacen(from, to, 1);
        ensure!(bad != good, "the manifests have no {from:?}, which was to become {what}");
        let file = folder.join("mistaken.yaml");
        std::fs::write(&file, bad)?;
        if checker.check(&file, newest)?.is_ok() {
            bail!("the checker does not find {what}: {to:?} in place of {from:?}");
        }
    }
    Ok(Done::Passed(format!(
        "{objects} objects for {OLDEST} and {newest}; {} mistakes found",
        MISTAKES.len()
    )))
}

struct Checker<'a> {
    bench: &'a Bench<'a>,
    program: PathBuf,
}

impl Checker<'_> {
    /// How many objects the file has, or why one is not valid.
    fn check(&self, file: &Path, release: &str) -> Result<Result<usize>> {
        let mut command = command(&self.program);
        command.args(["--strict", "--kubernetes-version", release]).arg(file);
        let (status, output) = self.bench.console.supervise("checking manifests", LIMIT, &mut command)?;
        let text = std::fs::read_to_string(file)?;
        let objects = text.lines().filter(|line| line.starts_with("kind: ")).count();
        Ok(verdict(status.success(), &output, objects, release).map(|()| objects))
    }
}

/// Whether each of so many objects was looked at and found valid. Kinds that the checker does not know are only a warning
/// to it.
fn verdict(succeeded: bool, output: &str, objects: usize, release: &str) -> Result<()> {
    let end = format!(" against version {release}");
    let passed = output.lines().filter(|line| line.starts_with("INFO ") && line.ends_with(&end)).count();
    ensure!(
        succeeded && objects > 0 && passed == objects,
        "{passed} of {objects} objects are valid\n{output}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_must_have_been_found_valid() {
        let passed = "INFO a.yaml passed for resource service/a against version 1.30\n";
        assert!(verdict(true, passed, 1, "1.30").is_ok());
        assert!(verdict(false, passed, 1, "1.30").is_err());
        assert!(verdict(true, passed, 2, "1.30").is_err());
        assert!(verdict(true, passed, 1, "1.31").is_err(), "by the schemas of another release");
        assert!(verdict(true, "WARN a.yaml Couldn't find schema for kind A", 1, "1.30").is_err());
        assert!(verdict(true, "", 0, "1.30").is_err(), "an empty file proves nothing");
    }
}
