//! HTTP on the public port: the page, JSON, and whose pages may connect.

use crate::support::*;
use hotstuff_core::link::ObserveFrame;
use hotstuff_replica::config::Durability;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[tokio::test]
async fn the_page_is_served_with_its_type_and_a_tag() {
    let (_site, running) = lone_replica(|_| {}).await;
    let address = running.http_address();
    let page = get(address, "/", "").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert_eq!(header(&page, "content-type"), Some("text/html; charset=utf-8"));
    let tag = header(&page, "etag").unwrap();
    let again = get(address, "/index.html", &format!("if-none-match: {tag}\r\n")).await;
    assert!(again.starts_with("HTTP/1.1 304"), "{again}");
    assert!(get(address, "/no/such/file", "").await.starts_with("HTTP/1.1 404"));
    assert!(get(address, "/../Cargo.toml", "").await.starts_with("HTTP/1.1 404"));
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn status_and_committee_say_what_the_core_says() {
    let (site, running) = lone_replica(|config| config.durability = Durability::Os).await;
    let address = running.http_address();
    let mut observer = connect(address, "/observe").await;
    let ObserveFrame::Welcome { committee, status: own, genesis, .. } = receive(&mut observer).await else {
        panic!("the first frame is Welcome");
    };
    assert_eq!(&committee, site.committee().spec());
    let shown = status(address).await;
    assert_eq!(shown.id, own.id.0);
    assert_eq!(shown.committed_head.id, format!("{:#}", genesis.id));
    assert_eq!(shown.committed_head.id.len(), 64);
    assert_eq!(shown.state_root, format!("{:#}", own.state_root));
    assert_eq!(shown.peers.iter().map(|peer| peer.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(shown.observers, 1);
    assert_eq!(shown.durability, Durability::Os);
    let answer = get(address, "/committee", "").await;
    let body: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["genesis"], shown.committed_head.id);
    assert_eq!(body["members"][0]["http"], address.to_string());
    assert_eq!(body["members"][3]["key"], format!("{:#}", committee.members[3].key));
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn pages_of_other_origins_may_neither_connect_nor_read() {
    let (_site, running) = lone_replica(|config| {
        config.allowed_origins = vec!["https://friend.example".into()];
    })
    .await;
    let address = running.http_address();
    for path in ["/client", "/observe"] {
        let refused = connect_from(address, path, "http://evil.example").await.unwrap_err();
        assert_eq!(refused.as_u16(), 403);
        for origin in [&format!("http://{address}"), "https://friend.example"] {
            drop(connect_from(address, path, origin).await.unwrap());
        }
    }
    assert_eq!(status(address).await.refused.origins, 2);
    for path in ["/status", "/committee"] {
        let shared = get(address, path, "origin: https://friend.example\r\n").await;
        assert_eq!(header(&shared, "access-control-allow-origin"), Some("https://friend.example"));
        let refused = get(address, path, "origin: http://evil.example\r\n").await;
        assert_eq!(header(&refused, "access-control-allow-origin"), None);
        assert_eq!(header(&refused, "vary"), Some("origin"));
    }
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn metrics_are_shown_unless_they_are_turned_off_and_not_to_pages_of_other_origins() {
    let (_site, running) = lone_replica(|_| {}).await;
    let address = running.http_address();
    let shown = get(address, "/metrics", "").await;
    assert!(shown.starts_with("HTTP/1.1 200"), "{shown}");
    assert_eq!(header(&shown, "content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(shown.contains("\nhotstuff_view 1\n"), "{shown}");
    let refused = get(address, "/metrics", "origin: http://evil.example\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 403") && !refused.contains("hotstuff_view"), "{refused}");
    running.shutdown().await.unwrap();

    let (_site, running) = lone_replica(|config| config.metrics = false).await;
    let off = get(running.http_address(), "/metrics", "").await;
    assert!(off.starts_with("HTTP/1.1 404") && off.ends_with("the setting `metrics` is false\n"), "{off}");
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_replica_alone_is_alive_and_not_ready() {
    let (_site, running) = lone_replica(|_| {}).await;
    assert_alive(&running).await;
    let ready = get(running.http_address(), "/readyz", "").await;
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    assert!(ready.ends_with("\r\n\r\nno links to a quorum: power 1 of 3, without r1, r2, r3\n"), "{ready}");
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn observers_are_told_the_status_of_an_idle_replica() {
    let (_site, running) = lone_replica(|_| {}).await;
    let mut observer = observer(running.http_address()).await;
    let status = |frame: &ObserveFrame| match frame {
        ObserveFrame::Status(status) => Some(status.id.0),
        _ => None,
    };
    assert_eq!(observed(&mut observer, status).await, 0);
    assert_eq!(observed(&mut observer, status).await, 0);
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn requests_other_than_get_are_refused() {
    let (_site, running) = lone_replica(|_| {}).await;
    for path in ["/", "/status", "/client"] {
        let mut stream = within(TcpStream::connect(running.http_address())).await.unwrap();
        let request =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        within(stream.write_all(request.as_bytes())).await.unwrap();
        let mut answer = String::new();
        within(stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    }
    running.shutdown().await.unwrap();
}
