//! Who is let in on the peer port because the committee file lists it, and for how long.

use crate::support::*;
use hotstuff_core::ReplicaId;
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::link::PeerFrame;
use hotstuff_replica::server::Running;
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpStream;

/// A link to r0's peer port as `id` under `key`; `None` where it is not let in.
async fn link(site: &Site, address: SocketAddr, id: u16, key: &SecretKey) -> Option<Link> {
    let stream = within(TcpStream::connect(address)).await.unwrap();
    let (stream, session) = within(site.tls(key).connect(stream, ReplicaId(0))).await.ok()?;
    let url = format!("ws://{address}/peer");
    let (mut socket, _) = within(tokio_tungstenite::client_async(url, stream)).await.ok()?;
    let hello = hello(site, &mut socket, &session, id, key).await;
    send(&mut socket, &hello).await;
    assert!(matches!(receive(&mut socket).await, PeerFrame::Welcome { .. }));
    Some(socket)
}

fn row(id: u16, key: &SecretKey) -> String {
    let key = key.public();
    format!("\n[[joiners]]\nid = {id}\nkey = \"{key:#}\"\npeer = \"127.0.0.1:1\"\nhttp = \"127.0.0.1:1\"\n")
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

#[tokio::test]
async fn a_listed_joiner_is_let_in_for_as_long_as_it_is_listed() {
    let (site, running) = lone_replica(|_| {}).await;
    let (address, path) = (running.peer_address(), site.testnet.committee.clone());
    let without = std::fs::read_to_string(&path).unwrap();
    let [joiner, other] = [1, 2].map(|seed| SecretKey::from_seed([seed; 32]));
    assert!(link(&site, address, 4, &joiner).await.is_none(), "a stranger");

    write(&path, &(without.clone() + &row(4, &joiner)));
    assert!(
        link(&site, address, 4, &joiner).await.is_none(),
        "the file is not read unless that is asked for"
    );
    running.reload();
    let mut linked = within(async {
        loop {
            if let Some(linked) = link(&site, address, 4, &joiner).await {
                return linked;
            }
        }
    })
    .await;
    assert!(link(&site, address, 5, &other).await.is_none(), "nobody else comes in with it");
    let (mut posing, session) = encrypted(&site, address, &joiner).await;
    let hello = hello(&site, &mut posing, &session, 1, &joiner).await;
    send(&mut posing, &hello).await;
    assert!(closed(&mut posing).await.reason.contains("another key than that of r1"), "nor as a member");

    // A file that cannot be used, or tells of another cluster, changes nothing.
    for wrong in ["nonsense".to_owned(), without.replacen("power = 1", "power = 2", 1) + &row(5, &other)] {
        write(&path, &wrong);
        running.reload();
    }
    let mut member = peer_link(&site, address, 1).await;
    write(&path, &without);
    running.reload();
    assert!(closed(&mut linked).await.reason.contains("not in the committee any more"));
    assert!(link(&site, address, 4, &joiner).await.is_none());
    assert!(link(&site, address, 5, &other).await.is_none());
    // A member's link has stood all the while.
    send(&mut member, &PeerFrame::Challenge { nonce: [0; 32] }).await;
    assert!(closed(&mut member).await.reason.contains("challenge"));
    running.shutdown().await.unwrap();
}

/// Puts a pipe in a file's place, and has it read: for who reads it, a disk that does not answer until the
/// writer is dropped.
#[cfg(target_os = "linux")]
async fn stuck(path: &Path, running: &Running) -> std::fs::File {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    std::fs::remove_file(path).unwrap();
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    running.reload();
    let path = path.to_owned();
    // Returns once there is a reader.
    let opening = tokio::task::spawn_blocking(move || std::fs::File::options().write(true).open(path));
    within(opening).await.unwrap().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_committee_file_that_cannot_be_read_to_its_end_holds_nothing_up() {
    let (site, running) = lone_replica(|_| {}).await;
    let (address, path) = (running.peer_address(), site.testnet.committee.clone());
    let text = std::fs::read_to_string(&path).unwrap();
    let joiner = SecretKey::from_seed([1; 32]);
    let pipe = stuck(&path, &running).await;
    std::fs::remove_file(&path).unwrap();
    write(&path, &(text + &row(4, &joiner)));
    running.reload();
    let mut member = peer_link(&site, address, 1).await;
    assert!(link(&site, address, 4, &joiner).await.is_none());
    drop(pipe);
    // What was asked for meanwhile is done afterwards.
    within(async { while link(&site, address, 4, &joiner).await.is_none() {} }).await;
    send(&mut member, &PeerFrame::Challenge { nonce: [0; 32] }).await;
    assert!(closed(&mut member).await.reason.contains("challenge"), "a member's link has stood");

    let pipe = stuck(&path, &running).await;
    within(running.shutdown()).await.unwrap();
    drop(pipe);
}

#[tokio::test]
async fn a_joiner_that_is_listed_under_another_key_is_another() {
    let (site, running) = lone_replica(|_| {}).await;
    let (address, path) = (running.peer_address(), site.testnet.committee.clone());
    let without = std::fs::read_to_string(&path).unwrap();
    let [before, after] = [1, 2].map(|seed| SecretKey::from_seed([seed; 32]));
    let listed = async |key: &SecretKey| {
        write(&path, &(without.clone() + &row(4, key)));
        running.reload();
        within(async {
            loop {
                if let Some(linked) = link(&site, address, 4, key).await {
                    return linked;
                }
            }
        })
        .await
    };
    let mut old = listed(&before).await;
    let mut new = listed(&after).await;
    assert!(closed(&mut old).await.reason.contains("not in the committee any more"));
    assert!(link(&site, address, 4, &before).await.is_none());
    send(&mut new, &PeerFrame::Challenge { nonce: [0; 32] }).await;
    assert!(closed(&mut new).await.reason.contains("challenge"), "the new one's link has stood");
    running.shutdown().await.unwrap();
}
