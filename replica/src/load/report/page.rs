//! The page: what compares the runs, and then each file with its runs.

use super::markup::{escape, moment};
use super::{Load, charts, tables};
use crate::load::document::Run;
use crate::load::summary::notes;

const STYLE: &str = include_str!("style.css");

/// The whole page, as HTML that is XML, too.
pub(super) fn page(loads: &[Load]) -> String {
    let runs: usize = loads.iter().map(|load| load.document.runs.len()).sum();
    let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let title = match loads {
        [load] => format!("Load of a HotStuff cluster: {}", load.name),
        _ => "Loads of HotStuff clusters".to_owned(),
    };
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p>{runs} from {files}. Latencies count from when a command was due to agreement of f+1 replicas, in \
         milliseconds; throughput is what was done in the measured time.</p>\n",
        title = escape(&title),
        runs = plural(runs, "run"),
        files = plural(loads.len(), "file"),
    );
    html += &tables::comparison(loads);
    html += "<div class=\"plots\">\n";
    html += &charts::by_throughput(loads, "p50", |latency| latency.p50_us).figure();
    html += &charts::by_throughput(loads, "p99", |latency| latency.p99_us).figure();
    html += &charts::all_percentiles(loads).figure();
    html += "</div>\n";
    html += &loads.iter().map(section).collect::<String>();
    html + "</main>\n</body>\n</html>\n"
}

fn section(load: &Load) -> String {
    let document = &load.document;
    let seed = document.runs.first().map_or(0, |run| run.settings.seed);
    let mut html = format!(
        "<section>\n<h2>{name}</h2>\n<pre><code>{command}</code></pre>\n\
         <p>Started {moment}; version {program}; seed {seed}.</p>\n",
        name = escape(&load.name),
        command = escape(&document.command),
        moment = moment(document.started_unix_s),
        program = escape(&document.program),
    );
    html += &document.runs.iter().map(run).collect::<String>();
    html + "</section>\n"
}

fn run(run: &Run) -> String {
    let mut html = format!("<h3>{}</h3>\n", escape(&run.settings.shape.to_string()));
    let notes = notes(run);
    if !notes.is_empty() {
        let items = notes.iter().map(|note| format!("<li>{}</li>", escape(note))).collect::<String>();
        html += &format!("<ul class=\"notes\">{items}</ul>\n");
    }
    html += "<div class=\"plots\">\n";
    html += &charts::of_run(run).iter().map(|plot| plot.figure()).collect::<String>();
    html += "</div>\n";
    html += &tables::latencies(run);
    html += &tables::counts(run);
    html += &format!(
        "<details><summary>Settings, cluster, and each second</summary>\n{}{}{}</details>\n",
        tables::settings(run),
        tables::cluster(run),
        tables::timeline(run)
    );
    html
}
