//! What is kept of a load: one JSON document, of one run or of the runs of a sweep.

use super::cluster::Cluster;
use super::outcome::Failure;
use super::recorder::{Counts, Recorder};
use super::settings::Settings;
use super::timeline::Second;
use crate::client::random::latencies::{Latencies, QUANTILES};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Says that a document is one of these.
const FORMAT: &str = "hotstuff-load";
/// Grows with each change of the fields.
const VERSION: u32 = 1;
/// No document is longer.
const BYTES_MAX: u64 = 1 << 28;
/// Points of a latency curve to each half of what is left to 1.
const CURVE_STEPS: u32 = 5;

/// A load and what came of it. `docs/load.md` tells the fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub format: String,
    pub version: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// The command that made it, as a shell takes it.
    pub command: String,
    /// What its runs are called in a report.
    pub label: Option<String>,
    /// Seconds from 1970 to its start.
    pub started_unix_s: u64,
    pub runs: Vec<Run>,
}

/// One run and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    pub settings: Settings,
    pub cluster_at_start: Cluster,
    pub cluster_at_end: Cluster,
    /// Whether a signal ended it early.
    pub stopped: bool,
    /// How long commands were sent that are measured.
    pub measured_ms: u64,
    pub counts: Counts,
    pub warm_up: Counts,
    pub failures: BTreeMap<Failure, u64>,
    pub last_failure: Option<String>,
    /// Commands done in the measured time, a second.
    pub throughput_per_s: f64,
    pub latency: Latency,
    pub timeline: Vec<Second>,
}

/// Latencies of the commands that are measured and done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Latency {
    pub all: Quantiles,
    pub reads: Quantiles,
    pub writes: Quantiles,
    /// Of all, from when they were sent instead of when they were due.
    pub from_sending: Quantiles,
}

/// Latencies in microseconds; all 0 where there are none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quantiles {
    pub count: u64,
    pub mean_us: u64,
    pub min_us: u64,
    pub p50_us: u64,
    pub p90_us: u64,
    pub p99_us: u64,
    pub p999_us: u64,
    pub max_us: u64,
    /// Quantiles and their latencies, ascending.
    pub curve: Vec<(f64, u64)>,
}

/// Why a file is no document of a load.
#[derive(Debug, thiserror::Error)]
pub(super) enum DocumentError {
    #[error("cannot use {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: longer than {BYTES_MAX} bytes, which no load is", path.display())]
    TooLarge { path: PathBuf },
    #[error("{}: not written by `hotstuff load`: {why}", path.display())]
    Foreign { path: PathBuf, why: String },
    #[error(
        "{}: format version {found}, and this program reads version {VERSION}: use the `hotstuff` that wrote it, \
         or run its load again", path.display()
    )]
    Version { path: PathBuf, found: u64 },
}

impl Document {
    /// Of these runs, made by this program.
    pub(super) fn new(command: String, label: Option<String>, started_unix_s: u64, runs: Vec<Run>) -> Self {
        let (format, program) = (FORMAT.to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        Self { format, version: VERSION, program, command, label, started_unix_s, runs }
    }

    /// As a file holds it, with a line break at its end.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a document of numbers and strings has a JSON form") + "\n"
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is none of these documents, or is of another version.
    pub(super) fn load(path: &Path) -> Result<Self, DocumentError> {
        let failed = |source| DocumentError::Io { path: path.to_owned(), source };
        let mut json = Vec::new();
        File::open(path).map_err(failed)?.take(BYTES_MAX + 1).read_to_end(&mut json).map_err(failed)?;
        if json.len() as u64 > BYTES_MAX {
            return Err(DocumentError::TooLarge { path: path.to_owned() });
        }
        Self::read(path, &json)
    }

    /// The document that a file holds.
    pub(super) fn read(path: &Path, json: &[u8]) -> Result<Self, DocumentError> {
        /// What documents of all versions begin with.
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u64,
        }
        let foreign = |why: String| DocumentError::Foreign { path: path.to_owned(), why };
        let head: Head = serde_json::from_slice(json).map_err(|error| foreign(error.to_string()))?;
        if head.format != FORMAT {
            return Err(foreign(format!("its format is {:?}", head.format)));
        }
        if head.version != u64::from(VERSION) {
            return Err(DocumentError::Version { path: path.to_owned(), found: head.version });
        }
        let document: Self = serde_json::from_slice(json).map_err(|error| foreign(error.to_string()))?;
        if document.runs.is_empty() { Err(foreign("it has no runs".into())) } else { Ok(document) }
    }
}

impl Run {
    /// What `recorder` has of a run.
    pub(super) fn new(
        settings: Settings,
        [cluster_at_start, cluster_at_end]: [Cluster; 2],
        stopped: bool,
        recorder: &Recorder,
    ) -> Self {
        let mut all = recorder.reads.clone();
        all.merge(&recorder.writes);
        let latency = Latency {
            all: Quantiles::of(&all),
            reads: Quantiles::of(&recorder.reads),
            writes: Quantiles::of(&recorder.writes),
            from_sending: Quantiles::of(&recorder.from_sending),
        };
        Self {
            settings,
            cluster_at_start,
            cluster_at_end,
            stopped,
            measured_ms: u64::try_from(recorder.measured_time().as_millis()).unwrap_or(u64::MAX),
            counts: recorder.measured,
            warm_up: recorder.warmed,
            failures: recorder.failures.clone(),
            last_failure: recorder.last_failure.clone(),
            throughput_per_s: rounded(recorder.throughput_per_s(), 1e3),
            latency,
            timeline: recorder.timeline.seconds(),
        }
    }

    /// Most members that gave no answer, before it or after.
    pub(super) fn replicas_down(&self) -> usize {
        let down = |cluster: &Cluster| cluster.replicas.len() - cluster.answered();
        down(&self.cluster_at_start).max(down(&self.cluster_at_end))
    }
}

impl Quantiles {
    fn of(latencies: &Latencies) -> Self {
        let [p50_us, p90_us, p99_us, p999_us] = QUANTILES.map(|(_, quantile)| latencies.at(quantile));
        let (count, max_us) = (latencies.count(), latencies.max());
        let min_us = if count == 0 { 0 } else { latencies.min() };
        let curve = latencies.curve(CURVE_STEPS).into_iter();
        let curve = curve.map(|(quantile, us)| (rounded(quantile, 1e7), us)).collect();
        Self {
            count,
            mean_us: latencies.mean() as u64,
            min_us,
            p50_us,
            p90_us,
            p99_us,
            p999_us,
            max_us,
            curve,
        }
    }
}

/// With so few digits that JSON keeps them all.
fn rounded(number: f64, of_one: f64) -> f64 {
    (number * of_one).round() / of_one
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::load::cluster::Replica;
    use crate::load::outcome::Ended;
    use crate::load::recorder::Asked;
    use crate::load::settings::{Arrivals, Shape};
    use std::time::Duration;

    /// A document of a sweep that never was.
    pub(in crate::load) fn sample(label: Option<&str>, rates: &[f64]) -> Document {
        let run = |(index, rate_per_s): (usize, &f64)| {
            let settings = Settings {
                shape: Shape::Open { rate_per_s: *rate_per_s, arrivals: Arrivals::Poisson, in_flight: 256 },
                connections: 16,
                payload_bytes: 77,
                read_share: 0.25,
                keys: 1_000,
                warm_up_ms: 1_000,
                duration_ms: 4_000,
                timeout_s: 10,
                seed: u64::MAX,
            };
            let mut recorder = Recorder::new(&settings);
            let commands = (*rate_per_s * 5.0) as u64;
            for number in 0..commands {
                let due = Duration::from_secs_f64(number as f64 / rate_per_s);
                let latency = Duration::from_micros(1_000 * (index as u64 + 1) + number * number % 9_973 * 9);
                recorder.offered(due);
                let asked = Asked { is_read: number % 4 == 0, due, sent: due + Duration::from_micros(90) };
                let failed = || Ended::Failed(Failure::Busy, "<busy> & \"more\"".to_owned());
                let how = if number % 50 == 49 { failed() } else { Ended::Done };
                recorder.ended(asked, due + latency, how);
            }
            recorder.offered(Duration::from_secs(4));
            recorder.not_sent(Duration::from_secs(4));
            Run::new(settings, [cluster(3), cluster(4)], index > 0, &recorder)
        };
        let runs = rates.iter().enumerate().map(run).collect();
        let command = "hotstuff load --label 'a<b>&c' --rate 1".to_owned();
        Document::new(command, label.map(str::to_owned), 1_700_000_000, runs)
    }

    fn cluster(answered: u16) -> Cluster {
        let replica = |id| Replica {
            id,
            power: 1,
            error: (id >= answered).then(|| "connection <refused>".to_owned()),
            view: (id < answered).then_some(7),
            height: (id < answered).then_some(5),
            durability: (id < answered).then_some(crate::config::Durability::Sync),
            version: (id < answered).then(|| "0.1.0".to_owned()),
        };
        let (cluster, rule) = ("ab".repeat(32), "three-chain".to_owned());
        Cluster { cluster, rule, quorum: 3, power: 4, replicas: (0..4).map(replica).collect() }
    }

    #[test]
    fn a_document_reads_back_as_it_was() {
        let written = sample(Some("four"), &[123.0, 456.7]);
        let read = Document::read(Path::new("a.json"), written.to_json().as_bytes()).unwrap();
        assert_eq!(read, written);
        let [first, second] = &read.runs[..] else { panic!("two runs") };
        assert_eq!((first.replicas_down(), first.cluster_at_start.durability()), (1, "sync".to_owned()));
        assert_eq!(first.latency.all.count, first.latency.reads.count + first.latency.writes.count);
        assert!(second.latency.all.p50_us > first.latency.all.p50_us && second.stopped);
        assert_eq!(first.latency.all.curve.last(), Some(&(1.0, first.latency.all.max_us)));
    }

    #[test]
    fn other_files_and_versions_are_refused_with_what_to_do() {
        let json = sample(None, &[10.0]).to_json();
        let refused =
            |json: &str| Document::read(Path::new("a.json"), json.as_bytes()).unwrap_err().to_string();
        let newer = refused(&json.replace("\"version\":1", "\"version\":2"));
        assert!(
            newer.contains("a.json: format version 2") && newer.contains("use the `hotstuff`"),
            "{newer}"
        );
        // A newer version may have any fields.
        assert!(refused("{\"format\":\"hotstuff-load\",\"version\":9,\"x\":1}").contains("version 9"));
        for wrong in ["", "[]", "{}", "{\"format\":\"x\",\"version\":1}", &json[..json.len() / 2]] {
            assert!(refused(wrong).contains("not written by `hotstuff load`"), "{wrong}");
        }
        assert!(refused(&json.replace("\"runs\":", "\"walks\":")).contains("walks"));
        assert!(Document::load(Path::new("there/is/no.json")).is_err());
    }
}
