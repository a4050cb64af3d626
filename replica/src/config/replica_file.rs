//! `replica.toml`: one replica's own settings, as they are written down.

use super::{ConfigError, Durability, LinkConfig, file};
use hotstuff_core::Config;
use serde::Deserialize;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where a replica listens. Port 0 takes a free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// For the other replicas.
    pub peer: SocketAddr,
    /// For clients, observers and browsers.
    pub http: SocketAddr,
}

/// What `replica.toml` holds. Paths are relative to the file's own folder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicaFile {
    /// Which member of the committee it is.
    pub id: u16,
    /// The committee's file.
    pub committee: PathBuf,
    /// The file of the replica's secret key.
    pub key: PathBuf,
    /// The folder of its store.
    pub data: PathBuf,
    /// What it waits for before it says what it must not forget.
    #[serde(default)]
    pub durability: Durability,
    /// The certificates of its public port, PEM; without them it speaks plain HTTP.
    #[serde(default)]
    pub tls_cert: Option<PathBuf>,
    /// The key to them, PEM; to be read by its owner alone.
    #[serde(default)]
    pub tls_key: Option<PathBuf>,
    /// Origins (`http://host:port`) whose pages may connect, beside the replicas' own.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// Whether its public port shows `/metrics`.
    #[serde(default = "shown")]
    pub metrics: bool,
    /// Where it listens.
    pub listen: Listen,
    /// The protocol's times and bounds.
    #[serde(default)]
    pub consensus: Config,
    /// Times and bounds of connections.
    #[serde(default)]
    pub links: LinkConfig,
}

fn shown() -> bool {
    true
}

impl ReplicaFile {
    /// Reads a file, but none that it names.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or has unknown or missing fields.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        file::read_toml(path)
    }

    /// Writes a new file, with a comment on every field.
    ///
    /// # Errors
    /// When there is such a file already, or it cannot be written.
    pub fn create(&self, path: &Path) -> Result<(), ConfigError> {
        file::create_new(path, self.to_text().as_bytes(), false)
    }

    fn to_text(&self) -> String {
        let mut text =
            String::from("# One replica's own settings. Paths are relative to this file's folder.\n");
        let quoted = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned()).to_string();
        let origins = toml::Value::from(self.allowed_origins.clone()).to_string();
        for (comment, name, value) in [
            ("Which member of the committee this is.", "id", self.id.to_string()),
            ("The committee, the same at every replica.", "committee", quoted(&self.committee)),
            ("This replica's secret key.", "key", quoted(&self.key)),
            ("The folder of this replica's store. No other process may use it.", "data", quoted(&self.data)),
            (
                "What outlives what: with \"sync\", all that this replica has said outlives a loss of power; with \"os\"\n\
                 # only its own end, and after a loss of power it may vote twice: never for more than f replicas.",
                "durability",
                format!("\"{}\"", self.durability),
            ),
            (
                "Web origins (http://host:port) whose pages may connect, beside those of the committee's addresses.",
                "allowed_origins",
                origins,
            ),
            (
                "Whether the public port shows /metrics, for Prometheus, to all who can reach it.",
                "metrics",
                self.metrics.to_string(),
            ),
        ] {
            let _ = write!(text, "\n# {comment}\n{name} = {value}\n");
        }
        text.push_str(
            "\n# TLS on the public port: the replica's certificate, any intermediate ones after it, and its key,\n\
             # both PEM files. Without them the port speaks plain HTTP.\n",
        );
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => {
                let _ =
                    write!(text, "tls_cert = {}\n# Mode 0600.\ntls_key = {}\n", quoted(cert), quoted(key));
            }
            _ => text.push_str("# tls_cert = \"tls.pem\"\n# tls_key = \"tls.key\"\n"),
        }
        let _ = write!(
            text,
            "\n# Where this replica listens.\n[listen]\n\
             # For the other replicas.\npeer = \"{}\"\n\
             # For clients, observers and browsers.\nhttp = \"{}\"\n",
            self.listen.peer, self.listen.http
        );
        text.push_str("\n# The protocol's times, in microseconds, and bounds.\n[consensus]\n");
        text.push_str(&consensus(&self.consensus));
        text.push_str("\n# Times, in microseconds, and bounds of connections.\n[links]\n");
        text.push_str(&self.links.to_text());
        text
    }
}

fn consensus(config: &Config) -> String {
    let Config {
        timeout_min_us,
        timeout_max_us,
        retransmit_us,
        heartbeat_us,
        fetch_retry_us,
        serve_interval_us,
        fetch_blocks,
        fetch_bytes,
        retained_blocks,
        snapshot_blocks,
        snapshot_bytes,
        snapshot_chunk_bytes,
        tree_blocks,
        tree_bytes,
        mempool_commands,
        mempool_client_commands,
        mempool_bytes,
    } = *config;
    file::table(&[
        ("How long a view with work to do may take.", "timeout_min_us", timeout_min_us.0),
        ("The most that back-off makes of it.", "timeout_max_us", timeout_max_us.0),
        ("How often a timeout is sent again while its view lasts.", "retransmit_us", retransmit_us.0),
        ("An idle leader proposes an empty block after this long.", "heartbeat_us", heartbeat_us.0),
        ("How long to wait for a missing block before asking a peer.", "fetch_retry_us", fetch_retry_us.0),
        ("How soon a peer that asks for blocks is served again.", "serve_interval_us", serve_interval_us.0),
        ("Most blocks asked for at once.", "fetch_blocks", fetch_blocks.into()),
        ("Most bytes of operations in one answer to that.", "fetch_bytes", fetch_bytes.into()),
        ("How many committed blocks stay in memory.", "retained_blocks", retained_blocks.into()),
        (
            "A snapshot of the state is stored every so many blocks.",
            "snapshot_blocks",
            snapshot_blocks.into(),
        ),
        ("Most bytes of a snapshot taken from a peer.", "snapshot_bytes", snapshot_bytes),
        ("Most bytes of one part of it.", "snapshot_chunk_bytes", snapshot_chunk_bytes.into()),
        ("Most uncommitted blocks held.", "tree_blocks", tree_blocks.into()),
        ("Most bytes of operations in them.", "tree_bytes", tree_bytes),
        ("Most commands waiting.", "mempool_commands", mempool_commands.into()),
        ("Most commands waiting of one client.", "mempool_client_commands", mempool_client_commands.into()),
        ("Most bytes of operations waiting.", "mempool_bytes", mempool_bytes),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::Span;

    fn sample() -> ReplicaFile {
        ReplicaFile {
            id: 3,
            committee: "../a \"quoted\" name.toml".into(),
            key: "replica.key".into(),
            data: "/data".into(),
            durability: Durability::Os,
            tls_cert: Some("tls.pem".into()),
            tls_key: Some("/etc/tls.key".into()),
            allowed_origins: vec!["http://localhost:1".into(), "https://example.net".into()],
            metrics: false,
            listen: Listen { peer: "[::1]:7000".parse().unwrap(), http: "0.0.0.0:8080".parse().unwrap() },
            consensus: Config { heartbeat_us: Span(17), tree_blocks: 99, ..Config::default() },
            links: LinkConfig { dead_us: Span::millis(9_999), observers: 3, ..LinkConfig::default() },
        }
    }

    #[test]
    fn a_file_reads_back_and_every_field_has_a_comment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replica.toml");
        sample().create(&path).unwrap();
        assert_eq!(ReplicaFile::load(&path).unwrap(), sample());
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let fields = lines.windows(2).filter(|pair| !pair[1].starts_with('#') && !pair[1].is_empty());
        let commented = |pair: &[&str]| pair[0].starts_with("# ");
        assert!(fields.clone().count() > 25);
        for pair in fields {
            assert!(commented(pair), "no comment on {}", pair[1]);
        }
    }

    #[test]
    fn unknown_fields_and_wrong_values_are_refused_with_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let good = sample().to_text();
        let wrong = [
            good.replace("id = 3", "id = 3\nextra = 1"),
            good.replace("[links]", "[links]\nextra = 1"),
            good.replace("[consensus]", "[consensus]\nextra = 1"),
            good.replace("[listen]", "[listen]\nextra = 1"),
            good.replace("id = 3", "id = -3"),
            good.replace("id = 3", ""),
            good.replace("0.0.0.0:8080", "nowhere"),
            good.replace("\"os\"\n", "\"fast\"\n"),
        ];
        for (index, text) in wrong.iter().enumerate() {
            assert_ne!(text, &good);
            let path = folder.path().join(index.to_string());
            file::create_new(&path, text.as_bytes(), false).unwrap();
            let refused = ReplicaFile::load(&path).unwrap_err();
            assert!(matches!(refused, ConfigError::Syntax { .. }), "{refused}");
            assert!(!refused.to_string().contains('\n'), "{refused}");
        }
    }
}
