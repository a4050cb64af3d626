//! Where the replicas are: the committee as the page's own origin tells it.

use gloo_net::http::Request;
use hotstuff_core::ReplicaId;
use serde::Deserialize;

/// A replica's number and its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Which.
    pub id: ReplicaId,
    /// Its public address, as a WebSocket URL without path.
    pub socket: String,
}

#[derive(Deserialize)]
struct Directory {
    members: Vec<Entry>,
}

// Keys and powers come with each replica's stream, in the core's own encoding.
#[derive(Deserialize)]
struct Entry {
    id: u16,
    http: String,
}

/// Asks the page's origin for the replicas.
///
/// # Errors
/// In words, when there is no answer or none that makes sense.
pub async fn load() -> Result<Vec<Peer>, String> {
    let response = Request::get("committee").send().await.map_err(|_| "there is no answer".to_string())?;
    if !response.ok() {
        return Err(format!("this page's server runs no replica (status {})", response.status()));
    }
    let text = response.text().await.map_err(|error| error.to_string())?;
    let strange = || "the answer names no committee".to_string();
    let value = js_sys::JSON::parse(&text).map_err(|_| strange())?;
    let directory: Directory = serde_wasm_bindgen::from_value(value).map_err(|_| strange())?;
    let is_secure = web_sys::window()
        .and_then(|window| window.location().protocol().ok())
        .is_some_and(|protocol| protocol == "https:");
    let peer = |entry: &Entry| Peer { id: ReplicaId(entry.id), socket: socket(&entry.http, is_secure) };
    let peers: Vec<Peer> = directory.members.iter().map(peer).collect();
    if peers.is_empty() { Err(strange()) } else { Ok(peers) }
}

/// The WebSocket URL of an HTTP address, which may come without its scheme.
fn socket(http: &str, is_secure: bool) -> String {
    let http = http.trim_end_matches('/');
    if let Some(rest) = http.strip_prefix("http://") {
        format!("ws://{rest}")
    } else if let Some(rest) = http.strip_prefix("https://") {
        format!("wss://{rest}")
    } else {
        format!("{}://{http}", if is_secure { "wss" } else { "ws" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_sockets() {
        assert_eq!(socket("http://127.0.0.1:8080/", false), "ws://127.0.0.1:8080");
        assert_eq!(socket("https://a.example", false), "wss://a.example");
        assert_eq!(socket("127.0.0.1:8081", false), "ws://127.0.0.1:8081");
        assert_eq!(socket("a.example", true), "wss://a.example");
    }
}
