//! `replica.toml`: one replica's own settings, as they are written down.

use super::{ConfigError, Durability, LinkConfig, fields, file};
use hotstuff_core::Config;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Comments are broken there.
const COMMENT_WIDTH: usize = 116;

/// Where a replica listens. Port 0 takes a free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// For the other replicas.
    pub peer: SocketAddr,
    /// For clients, observers and browsers.
    pub http: SocketAddr,
}

/// What `replica.toml` holds. Paths are relative to the file's own folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicaFile {
    /// Which member of the committee it is.
    pub id: u16,
    /// The committee's file.
    pub committee: PathBuf,
    /// The file of the replica's secret key.
    pub key: PathBuf,
    /// The group that may read secret keys besides their owner, if any may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_group: Option<u32>,
    /// The folder of its store.
    pub data: PathBuf,
    /// What it waits for before it says what it must not forget.
    #[serde(default)]
    pub durability: Durability,
    /// The certificates of its public port, PEM; without them it speaks plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,
    /// The key to them, PEM; to be read by its owner alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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

    /// The settings of a replica whose file says nothing but what it must.
    #[must_use]
    pub fn new(id: u16, committee: PathBuf, key: PathBuf, data: PathBuf, listen: Listen) -> Self {
        Self {
            id,
            committee,
            key,
            key_group: None,
            data,
            durability: Durability::default(),
            tls_cert: None,
            tls_key: None,
            allowed_origins: Vec::new(),
            metrics: true,
            listen,
            consensus: Config::default(),
            links: LinkConfig::default(),
        }
    }

    /// Some replica's.
    pub(super) fn least() -> Self {
        let any = SocketAddr::from(([0, 0, 0, 0], 0));
        let listen = Listen { peer: any, http: any };
        Self::new(0, "committee.toml".into(), "replica.key".into(), "data".into(), listen)
    }

    /// Writes a new file, with a comment on every field.
    ///
    /// # Errors
    /// When there is such a file already, it cannot be written, or a path in it is not UTF-8.
    pub fn create(&self, path: &Path) -> Result<(), ConfigError> {
        let unfit = |why| ConfigError::Write { path: path.to_owned(), source: std::io::Error::other(why) };
        let settings = toml::Table::try_from(self).map_err(unfit)?;
        file::create_new(path, write_settings(&settings).as_bytes(), false)
    }

    /// The file's text: every field with a comment that says what it is for, its unit and its default.
    ///
    /// # Panics
    /// When a path is not UTF-8.
    #[must_use]
    pub fn to_text(&self) -> String {
        write_settings(&self.to_settings())
    }

    /// The same text for replicas that differ in nothing but their number, which the environment tells each.
    ///
    /// # Panics
    /// When a path is not UTF-8.
    #[must_use]
    pub fn to_text_without_id(&self) -> String {
        let mut settings = self.to_settings();
        settings.remove("id");
        write_settings(&settings)
    }

    /// What the file says, as a table. Its paths are UTF-8, as those are that were read from a file.
    pub(super) fn to_settings(&self) -> toml::Table {
        toml::Table::try_from(self).expect("the settings, but for paths that are not UTF-8, fit into TOML")
    }
}

fn write_settings(settings: &toml::Table) -> String {
    let mut text = String::new();
    for (table, about, fields) in fields::tables() {
        if table.is_empty() {
            comment(&mut text, about);
            comment(&mut text, "Paths are relative to this file's folder.");
            comment(
                &mut text,
                "The environment comes before this file: `hotstuff replica --help` names the variables.",
            );
        } else {
            text.push('\n');
            comment(&mut text, about);
            let _ = writeln!(text, "[{table}]");
        }
        for field in fields {
            if table.is_empty() {
                text.push('\n');
            }
            let default = field.default_in_words();
            if field.about.len() + default.len() + "#  ".len() <= COMMENT_WIDTH {
                comment(&mut text, &format!("{} {default}", field.about));
            } else {
                comment(&mut text, field.about);
                comment(&mut text, &default);
            }
            let _ = match (field.of(settings), field.example) {
                (Some(value), _) => writeln!(text, "{} = {value}", field.name),
                (None, Some(example)) => writeln!(text, "# {} = {example}", field.name),
                (None, None) => {
                    writeln!(text, "# {}: from the environment, {}", field.name, field.variable())
                }
            };
        }
    }
    text
}

/// Appends `words` as lines of comment.
fn comment(text: &mut String, words: &str) {
    text.push('#');
    let mut width = 1;
    for word in words.split(' ') {
        if width + word.len() >= COMMENT_WIDTH {
            text.push_str("\n#");
            width = 1;
        }
        let _ = write!(text, " {word}");
        width += word.len() + 1;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::Span;

    impl ReplicaFile {
        /// One with every setting set.
        pub(in crate::config) fn sample() -> Self {
            sample()
        }
    }

    fn sample() -> ReplicaFile {
        ReplicaFile {
            id: 3,
            committee: "../a \"quoted\" name.toml".into(),
            key: "replica.key".into(),
            key_group: Some(10_001),
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
    fn a_file_may_leave_out_all_that_has_a_default() {
        let least = "id = 0\ncommittee = \"committee.toml\"\nkey = \"replica.key\"\ndata = \"data\"\n\
             [listen]\npeer = \"0.0.0.0:0\"\nhttp = \"0.0.0.0:0\"\n";
        assert_eq!(toml::from_str::<ReplicaFile>(least).unwrap(), ReplicaFile::least());
        let text = ReplicaFile::least().to_text();
        assert_eq!(toml::from_str::<ReplicaFile>(&text).unwrap(), ReplicaFile::least(), "{text}");
    }

    #[test]
    fn comments_tell_units_and_defaults() {
        let text = ReplicaFile::least().to_text();
        for line in [
            "# Most observers connected. Default: 64 observers.\nobservers = 64\n",
            "# Which member of the committee this is. No default.\nid = 0\n",
            "Default: 1000000 microseconds (1 s).\ntimeout_min_us = 1000000\n",
            "Not set by default.\n# tls_cert = \"tls.pem\"\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert!(text.lines().all(|line| line.len() <= COMMENT_WIDTH));
        let shared = ReplicaFile::least().to_text_without_id();
        assert!(shared.contains("\n# id: from the environment, HOTSTUFF_ID\n"));
        assert_eq!(shared.lines().count(), text.lines().count());
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
