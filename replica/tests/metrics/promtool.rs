//! Prometheus' own checker on a scrape and on the files for Prometheus. `cargo xtask test --only metrics` sees
//! to it that the program is there.

use crate::named::dashboard_expressions;
use crate::scrape::{Scrape, cluster};
use crate::support::{output, said};
use hotstuff_core::ReplicaId;
use serde_json::json;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

fn promtool(arguments: &[&str]) -> Command {
    let program = std::env::var_os("HOTSTUFF_PROMTOOL").unwrap_or_else(|| OsString::from("promtool"));
    let mut command = Command::new(program);
    command.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/prometheus"));
    command
}

#[tokio::test]
#[ignore = "needs promtool: cargo xtask test --only metrics"]
async fn a_scrape_has_nothing_that_prometheus_would_name_otherwise() {
    let cluster = cluster().await;
    for id in [0, 1, 2].map(ReplicaId) {
        let scrape = Scrape::of(&cluster, id).await;
        let checked = output(promtool(&["check", "metrics"]), scrape.text.as_bytes()).await;
        assert_eq!(said(&checked), (Some(0), "", ""), "{}", scrape.text);
    }
    let wrong = output(promtool(&["check", "metrics"]), b"# TYPE a counter\na 1\n").await;
    assert_ne!(said(&wrong).0, Some(0), "the checker finds what is wrong");
}

#[tokio::test]
#[ignore = "needs promtool: cargo xtask test --only metrics"]
async fn the_files_for_prometheus_are_in_order() {
    for arguments in [&["check", "config", "prometheus.yml"][..], &["check", "rules", "alerts.yml"]] {
        let checked = output(promtool(arguments), b"").await;
        let (code, stdout, stderr) = said(&checked);
        assert_eq!(code, Some(0), "{stdout}{stderr}");
        assert!(stdout.contains("SUCCESS"), "{stdout}");
    }
    let tested = output(promtool(&["test", "rules", "alerts_test.yml"]), b"").await;
    let (code, stdout, stderr) = said(&tested);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
}

#[tokio::test]
#[ignore = "needs promtool: cargo xtask test --only metrics"]
async fn the_dashboards_expressions_are_some() {
    let expressions = dashboard_expressions();
    assert!(expressions.len() >= 20);
    // As recording rules, with what Grafana puts in place of variables. JSON is YAML.
    let filled = |expression: &String| {
        let variables = [("$__rate_interval", "1m"), ("$instance", ".*"), ("$job", "hotstuff")];
        variables.iter().fold(expression.clone(), |text, (name, value)| text.replace(name, value))
    };
    let rules: Vec<_> = expressions.iter().map(|one| json!({ "record": "a", "expr": filled(one) })).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yml");
    let check = async |rules: &[serde_json::Value]| {
        let file = json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
        fs::write(&path, file.to_string()).unwrap();
        output(promtool(&["check", "rules", "--lint=none", path.to_str().unwrap()]), b"").await
    };
    let checked = check(&rules).await;
    let (code, stdout, stderr) = said(&checked);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains(&format!("{} rules found", rules.len())), "{stdout}");
    assert_ne!(said(&check(&[json!({ "record": "a", "expr": "sum(" })]).await).0, Some(0));
}
