//! TLS on the public port: what it shows, who reaches it, and what is refused.

use crate::cluster::{cluster_with, shut_down};
use crate::support::*;
use hotstuff_core::Span;
use hotstuff_replica::client::status::Survey;
use hotstuff_replica::client::transport::Transport;
use hotstuff_replica::config::{ConfigError, PublicTls};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LONG: Duration = Duration::from_secs(60);

fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name)
}

/// The replica's key in a file of `mode`: git keeps no modes.
fn key(folder: &TempDir, mode: u32) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.path().join(format!("{mode:o}.key"));
    std::fs::copy(certificate("replica.key"), &path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn tls(folder: &TempDir) -> PublicTls {
    PublicTls::load(&certificate("replica.pem"), &key(folder, 0o600)).unwrap()
}

async fn run(arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_hotstuff"));
    within(command.args(arguments).kill_on_drop(true).output()).await.unwrap()
}

#[tokio::test]
async fn clients_reach_the_cluster_by_tls_and_no_other_way() {
    let folder = tempfile::tempdir().unwrap();
    let (site, replicas) = cluster_with(|config| config.tls = Some(tls(&folder))).await;
    let [committee, client_key] =
        [&site.testnet.committee, &site.testnet.client_key].map(|path| path.to_str().unwrap());
    let (ca, other_ca) = (certificate("ca.pem"), certificate("other_ca.pem"));
    let (ca, other_ca) = (ca.to_str().unwrap(), other_ca.to_str().unwrap());
    let client = ["client", "--committee", committee, "--key", client_key, "--timeout", "60"];

    let set = run(&[&client[..], &["--tls-ca", ca, "set", "a", "1"]].concat()).await;
    assert_eq!(set.stdout, b"OK\n", "{set:?}");
    let load = ["load", "--committee", committee, "--timeout", "60", "--clients", "1", "--duration", "0.1"];
    let load = run(&[&load[..], &["--warm-up", "0", "--tls-ca", ca]].concat()).await;
    assert!(load.status.success(), "{load:?}");
    let status = run(&["status", "--committee", committee, "--tls-ca", ca, "--json"]).await;
    assert!(status.status.success(), "{status:?}");
    assert!(String::from_utf8_lossy(&status.stdout).contains("\"http\": \"https://127.0.0.1:"));
    let url = format!("https://{}/healthz", replicas[0].http_address());
    assert!(run(&["health", "--url", &url, "--tls-ca", ca]).await.status.success());

    // Who trusts another authority, or none, gets nothing.
    let distrusted = run(&["status", "--committee", committee, "--tls-ca", other_ca]).await;
    assert_eq!(distrusted.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&distrusted.stdout).contains("UnknownIssuer"), "{distrusted:?}");
    let plain = run(&["status", "--committee", committee]).await;
    assert_eq!(plain.status.code(), Some(1));
    assert!(!run(&["health", "--url", &url]).await.status.success());
    let no_ca = run(&["status", "--committee", committee, "--tls-ca", client_key]).await;
    assert_eq!(no_ca.status.code(), Some(2));
    shut_down(replicas).await;
}

#[tokio::test]
async fn plain_text_and_stalled_handshakes_are_refused_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (site, running) = lone_replica(|config| {
        config.tls = Some(tls(&folder));
        config.links.handshake_us = Span::millis(1_000);
    })
    .await;
    let mut plain = within(TcpStream::connect(running.http_address())).await.unwrap();
    within(plain.write_all(b"GET /status HTTP/1.1\r\nhost: r0\r\n\r\n")).await.unwrap();
    let mut mute = within(TcpStream::connect(running.http_address())).await.unwrap();
    for stream in [&mut plain, &mut mute] {
        let mut answer = Vec::new();
        within(stream.read_to_end(&mut answer)).await.unwrap();
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    let transport = Transport::trusting(&certificate("ca.pem")).unwrap();
    let survey = Survey::take_by(&transport, &site.configs[0].committee, LONG).await;
    assert!(survey.replicas[0].report.is_ok(), "{:?}", survey.replicas[0]);
    let address = running.http_address();
    let url = format!("https://{address}/status");
    let answer = hotstuff_replica::client::http::get(&transport, &url, LONG).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["refused"]["tls"], 2, "{body}");
    running.shutdown().await.unwrap();
}

#[test]
fn a_key_that_others_can_read_is_refused_and_nothing_secret_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = certificate("replica.pem");
    let load = |key: &Path| PublicTls::load(&certificates, key);
    for mode in [0o644, 0o640, 0o604] {
        let refused = load(&key(&folder, mode)).unwrap_err();
        assert!(matches!(&refused, ConfigError::Exposed { .. }), "{refused}");
    }
    let good = key(&folder, 0o600);
    assert_eq!(format!("{:?}", load(&good).unwrap()), "PublicTls");

    // A torn key, and a key of something else.
    let text = std::fs::read_to_string(&good).unwrap();
    std::fs::write(&good, &text[..text.len() / 2]).unwrap();
    let secret = text.lines().nth(1).unwrap();
    let refused = load(&good).unwrap_err();
    assert!(matches!(&refused, ConfigError::Pem { .. }), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains(&secret[..16]), "{refused}");
    let refused = PublicTls::load(&certificate("ca.pem"), &key(&folder, 0o600)).unwrap_err();
    assert!(refused.to_string().contains("ca.pem"), "{refused}");
    let refused = PublicTls::load(&certificate("README.md"), &key(&folder, 0o600)).unwrap_err();
    assert!(refused.to_string().contains("no certificate"), "{refused}");
}
