//! `cargo xtask performance`: the runs that docs/performance.md tells of, and its figures.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::binary::{self, Linkage};
use crate::console::Console;
use crate::process::{capture, command, find};
use crate::project::Project;

const PAGE: &str = "docs/performance.md";
const REPORT: &str = "docs/performance/report.html";
const PICTURE: &str = "docs/images/performance.png";
/// Of each cluster, what the picture compares.
const IN_PICTURE: &str = "closed-128.json";
const PICTURE_SIZE: &str = "--window-size=1200,1040";
/// The tables of the page stand between these.
const BEGIN: &str = "<!-- figures -->\n";
const END: &str = "<!-- end -->\n";

const REPLICAS: usize = 4;
const PEER_PORT: u16 = 27_000;
const HTTP_PORT: u16 = 28_080;
const PATIENCE: Duration = Duration::from_secs(60);
const RUN_LIMIT: Duration = Duration::from_secs(600);

const DURABILITIES: [&str; 2] = ["os", "sync"];
const PAYLOADS: [u32; 3] = [0, 128, 512];
const CLIENTS: &str = "1,16,256";
const RATES: &str = "100,400,1600";

/// Measures, and writes page, report and picture anew. Nothing else should run meanwhile.
///
/// # Errors
/// When something cannot be built, started or written, or a load ends otherwise than in order.
pub fn run(console: &Console, project: &Project, duration_s: u32) -> Result<()> {
    let program = binary::build(console, project, Linkage::Dynamic)?;
    let folder = project.scratch().join("performance");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let mut documents = Vec::new();
    for durability in DURABILITIES {
        for down in [0, 1] {
            let place = folder.join(format!("{durability}-{down}-down"));
            let _cluster = Cluster::start(&program, &place, durability, REPLICAS - down)?;
            for payload in PAYLOADS {
                for (kind, sweep) in [("closed", ["--clients", CLIENTS]), ("open", ["--rate", RATES])] {
                    let out = format!("{kind}-{payload}.json");
                    let label = format!("{kind}, {payload} B, {durability}{}", ["", ", one down"][down]);
                    let mut load = command(&program);
                    // Reports show the commands, and no paths of this machine.
                    load.current_dir(&place).args(["load", "--committee", "committee.toml"]).args(sweep);
                    load.args(["--payload", &payload.to_string(), "--duration", &duration_s.to_string()]);
                    load.args(["--seed", "1", "--label", &label, "--out", &out]);
                    console.run(&label, RUN_LIMIT, &mut load)?;
                    documents.push(place.join(out));
                }
            }
        }
    }
    write(console, project, &program, &documents)
}

/// Replicas on this machine, ended with it.
struct Cluster(Vec<Child>);

impl Cluster {
    fn start(program: &Path, folder: &Path, durability: &str, replicas: usize) -> Result<Self> {
        let mut testnet = command(program);
        testnet.args(["testnet", "--replicas", &REPLICAS.to_string(), "--out"]).arg(folder);
        let (peer, http) = (PEER_PORT.to_string(), HTTP_PORT.to_string());
        capture(testnet.args(["--base-port", &peer, "--http-port", &http]))?;
        let mut cluster = Self(Vec::new());
        for number in 0..replicas {
            let log = File::create(folder.join(format!("r{number}.log")))?;
            let mut replica = command(program);
            replica.arg("replica").arg("--config").arg(folder.join(format!("r{number}/replica.toml")));
            replica.env("HOTSTUFF_DURABILITY", durability).stdin(Stdio::null());
            let started = replica.stdout(log.try_clone()?).stderr(log).spawn();
            cluster.0.push(started.context("cannot start a replica")?);
        }
        let begin = Instant::now();
        for number in 0..replicas {
            let url = format!("http://127.0.0.1:{}/readyz", usize::from(HTTP_PORT) + number);
            while capture(command(program).args(["health", "--url", &url])).is_err() {
                if begin.elapsed() > PATIENCE {
                    bail!(
                        "r{number} is not ready; its log is {}",
                        folder.join(format!("r{number}.log")).display()
                    );
                }
                std::thread::park_timeout(Duration::from_millis(100));
            }
        }
        Ok(cluster)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for replica in &mut self.0 {
            let _ = replica.kill();
            let _ = replica.wait();
        }
    }
}

fn write(console: &Console, project: &Project, program: &Path, documents: &[PathBuf]) -> Result<()> {
    let report = project.root.join(REPORT);
    if let Some(folder) = report.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if report.exists() {
        std::fs::remove_file(&report)?;
    }
    capture(command(program).arg("report").args(documents).arg("--out").arg(&report))?;
    let mut tables = String::new();
    for (kind, load) in [("closed", "clients"), ("open", "commands due a second")] {
        let _ = writeln!(
            tables,
            "| {kind} loop | {load} | done a second | p50 ms | p99 ms | p99.9 ms | failed | not sent |\n\
             |---|---|---|---|---|---|---|---|"
        );
        for path in documents
            .iter()
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind)))
        {
            tables.push_str(&rows(path)?);
        }
        tables.push('\n');
    }
    let page = project.root.join(PAGE);
    let text = std::fs::read_to_string(&page).with_context(|| format!("cannot read {PAGE}"))?;
    let (before, rest) = text.split_once(BEGIN).with_context(|| format!("{PAGE} has no {BEGIN:?}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{PAGE} has no {END:?}"))?;
    std::fs::write(&page, format!("{before}{BEGIN}{tables}{END}{after}"))?;
    match find("chromium") {
        Some(chromium) => {
            let shown = project.scratch().join("performance").join("picture.html");
            let documents = documents.iter().filter(|path| path.ends_with(IN_PICTURE));
            capture(command(program).arg("report").args(documents).arg("--out").arg(&shown))?;
            let mut picture = Command::new(chromium);
            picture.args(["--headless", "--no-sandbox", "--hide-scrollbars", PICTURE_SIZE]);
            picture.arg(format!("--screenshot={}", project.root.join(PICTURE).display()));
            capture(picture.arg(format!("file://{}", shown.display())))?;
        }
        None => console.say(format!("{PICTURE} is left as it was: there is no chromium")),
    }
    console.say(format!("{PAGE} and {REPORT} are written"));
    Ok(())
}

/// A row for each run of a document.
fn rows(path: &Path) -> Result<String> {
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let label = document["label"].as_str().context("a label")?;
    let name = label.split_once(", ").map_or(label, |(_, rest)| rest);
    let mut text = String::new();
    for run in document["runs"].as_array().context("runs")? {
        let settings = &run["settings"]["loop"];
        let asked = settings["clients"].as_u64().map(|clients| clients.to_string());
        let asked = asked.or_else(|| settings["rate_per_s"].as_f64().map(|rate| format!("{rate:.0}")));
        let ms = |name: &str| run["latency"]["all"][name].as_f64().map(|us| format!("{:.1}", us / 1_000.0));
        let throughput = run["throughput_per_s"].as_f64().context("throughput")?;
        let _ = writeln!(
            text,
            "| {name} | {} | {throughput:.0} | {} | {} | {} | {} | {} |",
            asked.context("what was asked")?,
            ms("p50_us").context("p50")?,
            ms("p99_us").context("p99")?,
            ms("p999_us").context("p99.9")?,
            run["counts"]["failed"],
            run["counts"]["not_sent"],
        );
    }
    Ok(text)
}
