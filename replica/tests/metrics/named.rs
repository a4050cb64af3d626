//! Every metric that documentation, dashboard and alerts name is there, and every one there is documented.

use crate::scrape::{Scrape, cluster};
use hotstuff_core::ReplicaId;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(project().join(path)).unwrap()
}

fn dashboard() -> serde_json::Value {
    serde_json::from_str(&read("configs/grafana/hotstuff.json")).unwrap()
}

/// All expressions of the dashboard, with its variables in them.
pub fn dashboard_expressions() -> Vec<String> {
    values_of("expr", &dashboard())
}

/// Metrics and their types in the tables of docs/metrics.md: the first two columns.
fn documented() -> BTreeMap<String, String> {
    let text = read("docs/metrics.md");
    let row = |line: &str| {
        let mut cells =
            line.strip_prefix("| `")?.split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        let (name, kind) = (cells.next()?, cells.next()?);
        ["gauge", "counter", "histogram"].contains(&kind.as_str()).then_some((name, kind))
    };
    text.lines().filter_map(row).collect()
}

/// Every word in an expression that names a metric of ours or of the process.
fn metrics_in(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
    let is_metric = |word: &&str| word.starts_with("hotstuff_") || word.starts_with("process_");
    words.filter(is_metric).map(str::to_owned).collect()
}

/// All values of `key`, wherever they are in a document.
fn values_of(key: &str, document: &serde_json::Value) -> Vec<String> {
    let deeper = |value| values_of(key, value);
    match document {
        serde_json::Value::Object(fields) => {
            let here = fields.get(key).and_then(|value| value.as_str()).map(str::to_owned);
            here.into_iter().chain(fields.values().flat_map(deeper)).collect()
        }
        serde_json::Value::Array(values) => values.iter().flat_map(deeper).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn documentation_dashboard_and_alerts_name_what_is_there() {
    let cluster = cluster().await;
    let mut scrape = Scrape::of(&cluster, ReplicaId(0)).await;
    if !cfg!(target_os = "linux") {
        let (name, kind) = ("process_resident_memory_bytes", "gauge");
        scrape.types.insert(name.into(), kind.into());
    }
    assert_eq!(documented(), scrape.types);

    let expressions = dashboard_expressions();
    let alerts = read("configs/prometheus/alerts.yml");
    assert!(expressions.len() >= 20 && alerts.matches("- alert:").count() >= 8);
    let in_alerts = alerts.lines().filter(|line| !line.trim_start().starts_with('#'));
    for expression in expressions.iter().map(String::as_str).chain(in_alerts) {
        for name in metrics_in(expression) {
            assert!(scrape.has(&name), "{name} of `{}` is not there", expression.trim());
        }
    }
    for expression in &expressions {
        assert!(!metrics_in(expression).is_empty(), "{expression} names no metric");
    }
}

#[test]
fn the_dashboard_takes_any_data_source_and_its_panels_are_told_apart() {
    let dashboard = dashboard();
    let sources = dashboard["templating"]["list"].as_array().unwrap();
    assert!(
        sources.iter().any(|variable| variable["type"] == "datasource" && variable["name"] == "datasource")
    );
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        assert!(!panel["description"].as_str().unwrap_or_default().is_empty(), "{}", panel["title"]);
    }
}

#[test]
fn names_are_found_in_expressions() {
    let found = metrics_in("sum by (peer) (rate(hotstuff_a_total{x=\"y\"}[1m])) / hotstuff_b > 2");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["hotstuff_a_total", "hotstuff_b"]);
}
