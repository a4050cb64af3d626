//! A document for people, in a terminal.

use super::document::{Document, Quantiles, Run};
use std::fmt::Write;

/// The runs as a table, and what a reader should know of each.
pub(super) fn text(document: &Document) -> String {
    let header =
        ["LOAD", "OFFERED", "DONE", "FAILED", "NOT SENT", "DONE/S", "P50", "P90", "P99", "P99.9", "MAX"];
    let mut rows = vec![header.map(str::to_owned)];
    rows.extend(document.runs.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") }
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    for run in &document.runs {
        for note in notes(run) {
            writeln!(text, "{}: {note}", run.settings.shape).expect("a string takes it");
        }
    }
    let seed = document.runs.first().map_or(0, |run| run.settings.seed);
    writeln!(text, "Latencies in milliseconds, from when a command was due. Seed {seed}.")
        .expect("a string takes it");
    text
}

fn row(run: &Run) -> [String; 11] {
    let Quantiles { count, p50_us, p90_us, p99_us, p999_us, max_us, .. } = run.latency.all;
    let ms = |us: u64| if count == 0 { "-".to_owned() } else { format!("{:.1}", us as f64 / 1e3) };
    [
        run.settings.shape.to_string(),
        run.counts.offered.to_string(),
        run.counts.done.to_string(),
        run.counts.failed.to_string(),
        run.counts.not_sent.to_string(),
        format!("{:.1}", run.throughput_per_s),
        ms(p50_us),
        ms(p90_us),
        ms(p99_us),
        ms(p999_us),
        ms(max_us),
    ]
}

/// What of a run is not as it should be.
pub(super) fn notes(run: &Run) -> Vec<String> {
    let mut notes = Vec::new();
    if run.stopped {
        notes.push(format!("stopped by a signal after {:.1} s of measuring", run.measured_ms as f64 / 1e3));
    }
    for (failure, count) in &run.failures {
        notes.push(format!("{count} failed: {failure}"));
    }
    if run.warm_up.failed > 0 {
        notes.push(format!("{} failed in the warm-up", run.warm_up.failed));
    }
    if let Some(failure) = &run.last_failure {
        notes.push(format!("the last failure: {failure}"));
    }
    if run.counts.not_sent > 0 {
        notes.push(
            "the cluster did not keep up: those not sent were due, and found no room in flight".to_owned(),
        );
    }
    let down = run.replicas_down();
    if down > 0 {
        notes.push(format!("{down} of {} replicas did not answer", run.cluster_at_start.replicas.len()));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::document::tests::sample;

    #[test]
    fn each_run_is_a_row_and_what_is_amiss_is_told() {
        let document = sample(None, &[100.0, 200.0]);
        let text = text(&document);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("LOAD   OFFERED  DONE  FAILED  NOT SENT  DONE/S"), "{text}");
        let words: Vec<&str> = lines[1].split_whitespace().collect();
        assert_eq!(words[..5], ["100/s", "401", "392", "8", "1"], "{text}");
        let told = [
            "100/s: 8 failed: busy",
            "100/s: 2 failed in the warm-up",
            "200/s: stopped by a signal after 4.0 s of measuring",
            "100/s: 1 of 4 replicas did not answer",
            "100/s: the cluster did not keep up",
        ];
        for line in told {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
