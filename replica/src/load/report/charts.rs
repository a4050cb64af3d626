//! Which plots a page has.

use super::Load;
use super::plot::{Axis, Line, Plot, Scale};
use crate::load::document::{Quantiles, Run};
use crate::load::timeline::Second;

/// A line over time has no more points: several seconds become one.
const POINTS_MAX: usize = 240;

const PERCENTILE: Axis = Axis { name: "share of the commands", scale: Scale::Nines };
const LATENCY: Axis = Axis { name: "latency, ms", scale: Scale::Log };
const TIME: Axis = Axis { name: "seconds from the end of the warm-up", scale: Scale::Linear };

/// A quantile of each file's runs over their throughput.
pub(super) fn by_throughput(loads: &[Load], name: &str, quantile: fn(&Quantiles) -> u64) -> Plot {
    let point = |run: &Run| {
        let latency = &run.latency.all;
        (run.throughput_per_s, (latency.count > 0).then(|| quantile(latency) as f64 / 1e3))
    };
    // In the order of the sweep: where more load brings less throughput, the line turns back.
    let line = |load: &Load| Line {
        name: load.name.clone(),
        points: load.document.runs.iter().map(point).collect(),
    };
    Plot {
        title: format!("{name} by throughput"),
        x: Axis { name: "done, commands a second", scale: Scale::Linear },
        y: LATENCY,
        lines: loads.iter().map(line).collect(),
        bright: None,
    }
}

/// Latency by percentile of all runs.
pub(super) fn all_percentiles(loads: &[Load]) -> Plot {
    let runs = loads.iter().flat_map(|load| load.document.runs.iter().map(move |run| (load, run)));
    let line = |(load, run): (&Load, &Run)| {
        let name = format!("{}: {}", load.name, run.settings.shape);
        percentile_line(name, &run.latency.all)
    };
    let title = "Latency by percentile, all runs".to_owned();
    Plot { title, x: PERCENTILE, y: LATENCY, lines: runs.map(line).collect(), bright: None }
}

/// A run's own plots.
pub(super) fn of_run(run: &Run) -> [Plot; 3] {
    let shape = run.settings.shape;
    let points = |of: &dyn Fn(&Group<'_>) -> Option<f64>| -> Vec<(f64, Option<f64>)> {
        groups(&run.timeline).map(|group| (group.middle(), of(&group))).collect()
    };
    let line = |name: &str, points| Line { name: name.to_owned(), points };
    let worst = |of: fn(&Second) -> Option<u64>| {
        move |group: &Group<'_>| group.0.iter().filter_map(of).max().map(|us| us as f64 / 1e3)
    };
    let bright = Some((0.0, run.measured_ms as f64 / 1e3));
    let throughput = Plot {
        title: format!("Throughput over time, {shape}"),
        x: TIME,
        y: Axis { name: "commands a second", scale: Scale::Linear },
        lines: vec![
            line("done", points(&|group| Some(group.mean(|second| second.done)))),
            line("failed", points(&|group| Some(group.mean(|second| second.failed)))),
        ],
        bright,
    };
    let latency = Plot {
        title: format!("Latency over time, {shape}"),
        x: TIME,
        y: LATENCY,
        lines: vec![
            line("p50", points(&worst(|second| second.p50_us))),
            line("p99", points(&worst(|second| second.p99_us))),
        ],
        bright,
    };
    let kinds = [("all", &run.latency.all), ("reads", &run.latency.reads), ("writes", &run.latency.writes)];
    let percentiles = Plot {
        title: format!("Latency by percentile, {shape}"),
        x: PERCENTILE,
        y: LATENCY,
        lines: kinds.into_iter().map(|(name, own)| percentile_line(name.to_owned(), own)).collect(),
        bright: None,
    };
    [throughput, latency, percentiles]
}

fn percentile_line(name: String, quantiles: &Quantiles) -> Line {
    let point = |&(quantile, us): &(f64, u64)| (quantile, Some(us as f64 / 1e3));
    // The longest of all would lie at no end of the axis.
    let below = quantiles.curve.iter().filter(|(quantile, _)| *quantile < 1.0);
    Line { name, points: below.map(point).collect() }
}

/// Seconds that are shown as one.
struct Group<'a>(&'a [Second]);

impl Group<'_> {
    fn middle(&self) -> f64 {
        self.0[0].second as f64 + self.0.len() as f64 / 2.0
    }

    fn mean(&self, of: fn(&Second) -> u64) -> f64 {
        self.0.iter().map(of).sum::<u64>() as f64 / self.0.len() as f64
    }
}

fn groups(seconds: &[Second]) -> impl Iterator<Item = Group<'_>> {
    seconds.chunks(seconds.len().div_ceil(POINTS_MAX).max(1)).map(Group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_becomes_few_points_and_the_worst_second_stays() {
        let second = |second| {
            let p99_us = Some(if second == 777 { 9_000 } else { 5 });
            Second { second, done: 10, failed: 0, p50_us: Some(1), p99_us }
        };
        let seconds: Vec<Second> = (0..1_000).map(second).collect();
        let groups: Vec<Group<'_>> = groups(&seconds).collect();
        assert_eq!((groups.len(), groups[0].0.len(), groups[1].middle()), (200, 5, 7.5));
        assert!(groups.iter().all(|group| group.mean(|second| second.done) == 10.0));
        assert_eq!(groups[155].0.iter().filter_map(|second| second.p99_us).max(), Some(9_000));
    }
}
