//! `hotstuff report`: one page of what loads have measured, that needs nothing but itself.

mod charts;
mod markup;
mod page;
mod plot;
mod tables;

use super::document::Document;
use crate::client::cli::fail;
use crate::client::exit::Exit;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
The page is one HTML file without scripts: it loads nothing, and can be sent and kept. docs/load.md tells how to read it.

Exit codes:
  0  the page is written
  2  an error: wrong usage, or a file that `hotstuff load` of this version has not written";

/// Makes a page of what `hotstuff load` has measured: plots, tables, and the command of each file. Several files are
/// compared.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// Files that `hotstuff load --out` has written.
    #[arg(required = true, value_name = "FILE.json")]
    files: Vec<PathBuf>,
    /// The page; one that is there is overwritten.
    #[arg(long, value_name = "FILE.html")]
    out: PathBuf,
}

impl Arguments {
    /// Writes the page. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let exit = match self.write() {
            Ok(()) => Exit::Done,
            Err(error) => fail(&error, Exit::Error),
        };
        exit.into()
    }

    fn write(&self) -> Result<(), String> {
        let load = |path: &PathBuf| Ok((path.clone(), Document::load(path)?));
        let documents: Result<Vec<_>, super::document::DocumentError> = self.files.iter().map(load).collect();
        let loads = named(documents.map_err(|error| error.to_string())?);
        if self.files.contains(&self.out) {
            return Err(format!("{} would be overwritten by the page of it", self.out.display()));
        }
        let page = page::page(&loads);
        std::fs::write(&self.out, page).map_err(|error| format!("{}: {error}", self.out.display()))
    }
}

/// A document, and what its runs are called.
struct Load {
    name: String,
    document: Document,
}

/// Documents are called by their labels, or by their files; no two the same.
fn named(documents: Vec<(PathBuf, Document)>) -> Vec<Load> {
    let mut taken = BTreeSet::new();
    let name = |(path, document): (PathBuf, Document)| {
        let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let own = document.label.clone().or_else(|| stem(&path)).unwrap_or_default();
        let numbered = (2..).map(|number| format!("{own} ({number})"));
        let mut names = std::iter::once(own.clone()).chain(numbered);
        let name = names.find(|name| taken.insert(name.clone())).expect("there is always another number");
        Load { name, document }
    };
    documents.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::document::tests::sample;
    use roxmltree::{Document as Xml, Node, ParsingOptions};

    fn parsed(html: &str) -> Xml<'_> {
        let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
        Xml::parse_with_options(html, options).unwrap_or_else(|error| panic!("{error}\n{html}"))
    }

    fn text(node: Node<'_, '_>) -> String {
        node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
    }

    fn loads() -> Vec<Load> {
        let path = || PathBuf::from("some/run.json");
        let labelled = sample(Some("a <b> & \"c\""), &[100.0, 200.0, 400.0]);
        named(vec![(path(), labelled), (path(), sample(None, &[50.0])), (path(), sample(None, &[50.0]))])
    }

    #[test]
    fn a_page_is_well_formed_and_loads_nothing() {
        let html = page::page(&loads());
        let xml = parsed(&html);
        assert_eq!(xml.root_element().tag_name().name(), "html");
        for node in xml.descendants().filter(Node::is_element) {
            let tag = node.tag_name().name();
            assert!(!["script", "link", "img", "iframe", "image", "use"].contains(&tag), "{tag}");
            for attribute in node.attributes() {
                assert!(
                    !attribute.value().contains("://") && !attribute.value().contains("url("),
                    "{attribute:?}"
                );
            }
            if tag == "svg" && node.attribute("class") != Some("swatch") {
                assert_eq!(node.attribute("role"), Some("img"));
                assert!(node.attribute("aria-label").is_some_and(|label| !label.is_empty()));
            }
        }
        assert!(!html.contains("@import") && !html.contains("@font-face") && !html.contains("NaN"), "{html}");
        assert!(html.contains("prefers-color-scheme: dark"));
    }

    /// Of each run: its counts and its quantiles, all and by kind, and each second.
    #[test]
    fn a_page_has_all_the_numbers_of_its_documents() {
        let loads = loads();
        let html = page::page(&loads);
        let xml = parsed(&html);
        let rows = xml.descendants().filter(|node| node.has_tag_name("tr"));
        let rows: Vec<Vec<String>> =
            rows.map(|row| row.children().filter(Node::is_element).map(text).collect()).collect();
        // That a row begins with `name`, and has these after it, with nothing between them.
        let has = |name: &str, numbers: &[String]| {
            let is_it = |row: &&Vec<String>| {
                row.first().is_some_and(|first| first == name)
                    && row.windows(numbers.len()).any(|cells| cells == numbers)
            };
            assert!(rows.iter().any(|row| is_it(&row)), "{name}: {numbers:?}");
        };
        for (load, run) in loads.iter().flat_map(|load| load.document.runs.iter().map(move |run| (load, run)))
        {
            let counts = |counts: crate::load::recorder::Counts| {
                [counts.offered, counts.done, counts.failed, counts.not_sent].map(markup::count)
            };
            has("measured", &counts(run.counts));
            has("warm-up", &counts(run.warm_up));
            let latency = &run.latency;
            let of = |us: &[u64]| us.iter().map(|us| markup::millis(*us)).collect::<Vec<_>>();
            let kinds = [
                ("all", &latency.all),
                ("reads", &latency.reads),
                ("writes", &latency.writes),
                ("all, from sending", &latency.from_sending),
            ];
            for (name, own) in kinds {
                let us =
                    [own.min_us, own.mean_us, own.p50_us, own.p90_us, own.p99_us, own.p999_us, own.max_us];
                assert!(name != "all" || us[4] < us[5], "they can be told apart: {us:?}");
                has(name, &[vec![markup::count(own.count)], of(&us)].concat());
            }
            let name = format!("{}: {}", load.name, run.settings.shape);
            has(&name, &["4", "1", markup::NONE].map(str::to_owned));
            let (rate, payload) =
                (markup::rate(run.throughput_per_s), run.settings.payload_bytes.to_string());
            let quantiles = of(&[latency.all.p50_us, latency.all.p99_us]);
            let settings = [payload, "25%".to_owned(), "sync".to_owned(), rate].to_vec();
            let ends = [run.counts.failed, run.counts.not_sent].map(markup::count).to_vec();
            has(&name, &[settings, quantiles, ends].concat());
            for second in &run.timeline {
                let latency = [second.p50_us, second.p99_us];
                let latency = latency.map(|us| us.map_or(markup::NONE.to_owned(), markup::millis)).to_vec();
                let counts = vec![markup::count(second.done), markup::count(second.failed)];
                has(&second.second.to_string(), &[counts, latency].concat());
            }
        }
        let shown = text(xml.root_element());
        for load in &loads {
            assert!(shown.contains(&load.document.command), "{}", load.document.command);
            assert!(shown.contains(&load.name), "{}", load.name);
        }
        assert!(
            shown.contains("seed 18446744073709551615") && shown.contains("2023-11-14 22:13 UTC"),
            "{shown}"
        );
        assert!(shown.contains("failed: busy") && shown.contains("connection <refused>"));
    }

    /// Throughput, latency, distribution and failures of each run, and what compares them.
    #[test]
    fn a_page_has_a_line_for_each_run_and_each_file() {
        let html = page::page(&loads());
        let xml = parsed(&html);
        let plots: Vec<Node<'_, '_>> =
            xml.descendants().filter(|node| node.attribute("role") == Some("img")).collect();
        let lines = |label: &str| {
            let plot = plots.iter().find(|plot| plot.attribute("aria-label").unwrap().starts_with(label));
            let plot = plot.unwrap_or_else(|| panic!("no plot {label}"));
            plot.descendants()
                .filter(|node| node.has_tag_name("path") && node.attribute("class").is_some())
                .count()
        };
        assert_eq!(lines("p50 by throughput"), 3);
        assert_eq!(lines("p99 by throughput"), 3);
        assert_eq!(lines("Latency by percentile, all runs"), 5);
        assert_eq!(lines("Throughput over time"), 2);
        assert_eq!(lines("Latency over time"), 2);
        assert_eq!(lines("Latency by percentile, 100/s"), 3);
        assert_eq!(plots.len(), 3 + 5 * 3);
    }

    #[test]
    fn names_are_labels_or_files_and_never_the_same() {
        let names: Vec<String> = loads().into_iter().map(|load| load.name).collect();
        assert_eq!(names, ["a <b> & \"c\"", "run", "run (2)"]);
    }
}
