//! Which tables a page has.

use super::Load;
use super::markup::{NONE, count, millis, rate, table};
use crate::load::cluster::{Cluster, Replica};
use crate::load::document::{Quantiles, Run};
use crate::load::settings::{Arrivals, Shape};

/// All runs, a row each.
pub(super) fn comparison(loads: &[Load]) -> String {
    let header = [
        "Run",
        "Replicas",
        "Down",
        "Clients",
        "Rate, /s",
        "In flight",
        "Payload, B",
        "Reads",
        "Durability",
        "Done, /s",
        "p50, ms",
        "p99, ms",
        "Failed",
        "Not sent",
    ];
    let rows = loads.iter().flat_map(|load| load.document.runs.iter().map(move |run| row(load, run)));
    table("All runs", &header, &rows.collect::<Vec<_>>())
}

fn row(load: &Load, run: &Run) -> Vec<String> {
    let settings = &run.settings;
    let (clients, offered) = match settings.shape {
        Shape::Closed { clients, .. } => (count(clients.into()), NONE.to_owned()),
        Shape::Open { rate_per_s, .. } => (NONE.to_owned(), rate(rate_per_s)),
    };
    let latency = |us| if run.latency.all.count > 0 { millis(us) } else { NONE.to_owned() };
    vec![
        format!("{}: {}", load.name, settings.shape),
        run.cluster_at_start.replicas.len().to_string(),
        run.replicas_down().to_string(),
        clients,
        offered,
        count(settings.shape.in_flight()),
        count(settings.payload_bytes.into()),
        percent(settings.read_share),
        run.cluster_at_start.durability(),
        rate(run.throughput_per_s),
        latency(run.latency.all.p50_us),
        latency(run.latency.all.p99_us),
        count(run.counts.failed),
        count(run.counts.not_sent),
    ]
}

fn percent(share: f64) -> String {
    format!("{}%", (share * 1e4).round() / 1e2)
}

/// What a run was told to do.
pub(super) fn settings(run: &Run) -> String {
    let settings = &run.settings;
    let mut rows = match settings.shape {
        Shape::Closed { clients, in_flight } => vec![
            ("Loop", "closed: each command waits for one before it".to_owned()),
            ("Clients", count(clients.into())),
            ("In flight, for each", count(in_flight.into())),
        ],
        Shape::Open { rate_per_s, arrivals, in_flight } => vec![
            ("Loop", "open: commands come by a schedule".to_owned()),
            ("Rate, /s", rate(rate_per_s)),
            (
                "Spans between them",
                match arrivals {
                    Arrivals::Poisson => "exponential (Poisson)".to_owned(),
                    Arrivals::Constant => "constant".to_owned(),
                },
            ),
            ("In flight, at most", count(in_flight.into())),
        ],
    };
    let seconds = |ms: u64| format!("{}", ms as f64 / 1e3);
    rows.extend([
        ("Connections", count(settings.connections.into())),
        ("Payload, B", count(settings.payload_bytes.into())),
        ("Reads", percent(settings.read_share)),
        ("Keys", count(settings.keys.into())),
        ("Warm-up, s", seconds(settings.warm_up_ms)),
        ("Duration, s", seconds(settings.duration_ms)),
        ("Measured, s", seconds(run.measured_ms)),
        ("Timeout, s", settings.timeout_s.to_string()),
    ]);
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect::<Vec<_>>();
    table("Settings", &["Setting", "Value"], &rows)
}

/// What became of a run's commands.
pub(super) fn counts(run: &Run) -> String {
    let row = |name: &str, counts: crate::load::recorder::Counts| {
        let numbers = [counts.offered, counts.done, counts.failed, counts.not_sent];
        std::iter::once(name.to_owned()).chain(numbers.map(count)).collect::<Vec<_>>()
    };
    let header = ["Commands", "Offered", "Done", "Failed", "Not sent"];
    table("What became of the commands", &header, &[row("measured", run.counts), row("warm-up", run.warm_up)])
}

/// A run's latencies, by what the commands were.
pub(super) fn latencies(run: &Run) -> String {
    let latency = &run.latency;
    let row = |name: &str, own: &Quantiles| {
        let numbers = [own.min_us, own.mean_us, own.p50_us, own.p90_us, own.p99_us, own.p999_us, own.max_us];
        let head = [name.to_owned(), count(own.count)].into_iter();
        head.chain(numbers.map(millis)).collect::<Vec<_>>()
    };
    let rows = [
        row("all", &latency.all),
        row("reads", &latency.reads),
        row("writes", &latency.writes),
        row("all, from sending", &latency.from_sending),
    ];
    let header = ["Commands", "Count", "Min", "Mean", "p50", "p90", "p99", "p99.9", "Max"];
    table("Latency of commands that were done, ms", &header, &rows)
}

/// What the cluster was, before a run and after.
pub(super) fn cluster(run: &Run) -> String {
    let side = |at: &Cluster, index: usize| {
        let replica: Option<&Replica> = at.replicas.get(index);
        match replica.map(|replica| (&replica.error, replica.view, replica.height)) {
            Some((Some(error), ..)) => [error.clone(), NONE.to_owned()],
            Some((None, Some(view), Some(height))) => [count(view), count(height)],
            _ => [NONE.to_owned(), NONE.to_owned()],
        }
    };
    let (start, end) = (&run.cluster_at_start, &run.cluster_at_end);
    let row = |(index, replica): (usize, &Replica)| {
        let told = [start, end].map(|at| at.replicas.get(index));
        let said = told.into_iter().flatten().find(|replica| replica.error.is_none());
        let durability = said.and_then(|replica| replica.durability).map(|durability| durability.to_string());
        let version = said.and_then(|replica| replica.version.clone());
        let mut cells = vec![format!("r{}", replica.id), count(replica.power)];
        cells.extend(side(start, index).into_iter().chain(side(end, index)));
        cells.extend([durability, version].map(|told| told.unwrap_or_else(|| NONE.to_owned())));
        cells
    };
    let rows: Vec<Vec<String>> = start.replicas.iter().enumerate().map(row).collect();
    let header = [
        "Replica",
        "Power",
        "View, start",
        "Height, start",
        "View, end",
        "Height, end",
        "Durability",
        "Version",
    ];
    let [before, after] = [start, end].map(Cluster::answered);
    let caption = format!(
        "The cluster ({}, a quorum is {} of {}): {before} of {} answered at the start, {after} at the end",
        start.rule,
        start.quorum,
        start.power,
        start.replicas.len()
    );
    table(&caption, &header, &rows)
}

/// Each second of a run.
pub(super) fn timeline(run: &Run) -> String {
    let row = |second: &crate::load::timeline::Second| {
        let latency = |us: Option<u64>| us.map_or_else(|| NONE.to_owned(), millis);
        vec![
            second.second.to_string(),
            count(second.done),
            count(second.failed),
            latency(second.p50_us),
            latency(second.p99_us),
        ]
    };
    let rows: Vec<Vec<String>> = run.timeline.iter().map(row).collect();
    table(
        "Commands by the second in which they ended",
        &["Second", "Done", "Failed", "p50, ms", "p99, ms"],
        &rows,
    )
}
