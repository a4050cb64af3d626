//! `hotstuff testnet`: what it writes is what replicas load, each secret in a file of its own.

use hotstuff_core::ReplicaId;
use hotstuff_replica::config::{CommitteeFile, ConfigError, ReplicaConfig, ReplicaFile, load_key};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn testnet(out: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotstuff"));
    command.arg("testnet").arg("--out").arg(out).args(more).output().unwrap()
}

fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn what_is_written_is_what_replicas_load() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/net");
    let written = testnet(&out, &["--replicas", "5", "--base-port", "7100", "--http-port", "8100"]);
    assert!(written.status.success(), "{}", said(&written));
    let file = CommitteeFile::load(&out.join("committee.toml")).unwrap();
    assert_eq!(file.committee.size(), 5);
    let client = load_key(&out.join("client.key")).unwrap().public();
    let operator = load_key(&out.join("operator.key")).unwrap().public();
    assert_eq!(file.committee.spec().operator, Some(operator));
    let mut keys = BTreeSet::from([client, operator]);
    for number in 0..5u16 {
        let config = ReplicaConfig::load(&out.join(format!("r{number}/replica.toml"))).unwrap();
        assert_eq!(config.id, ReplicaId(number));
        assert_eq!(config.listen.peer.port(), 7100 + number);
        assert_eq!(config.listen.http.port(), 8100 + number);
        let addresses = &file.addresses[&config.id];
        assert_eq!(addresses.peer.to_string(), config.listen.peer.to_string());
        assert_eq!(addresses.http.to_string(), config.listen.http.to_string());
        assert_eq!(config.committee.committee.spec(), file.committee.spec());
        keys.insert(config.key.public());
    }
    assert_eq!(keys.len(), 7, "every key is another one");
}

#[test]
fn every_secret_has_a_file_of_its_own_that_only_its_owner_can_read() {
    let folder = tempfile::tempdir().unwrap();
    assert!(testnet(folder.path(), &[]).status.success());
    let all = files(folder.path());
    let (secret, public): (Vec<_>, Vec<_>) =
        all.iter().partition(|path| path.extension().is_some_and(|extension| extension == "key"));
    assert_eq!((secret.len(), public.len()), (6, 5));
    let seeds: Vec<String> = secret
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert_eq!(lines.len(), 1);
            lines[0].to_owned()
        })
        .collect();
    for path in &all {
        let text = std::fs::read_to_string(path).unwrap();
        let held = seeds.iter().filter(|seed| text.contains(*seed)).count();
        assert_eq!(held, usize::from(secret.contains(&path)), "{}", path.display());
    }
    #[cfg(unix)]
    for path in secret {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn every_field_of_the_committee_has_a_comment_and_no_other_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    assert!(testnet(folder.path(), &[]).status.success());
    let path = folder.path().join("committee.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let fields: Vec<_> =
        lines.windows(2).filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with('#')).collect();
    assert_eq!(fields.len(), 4 + 6 + 4 * 5);
    assert!(fields.iter().all(|pair| pair[0].starts_with("# ")));
    for (old, new) in [
        ("leaders =", "extra = 1\nleaders ="),
        ("sessions =", "extra = 1\nsessions ="),
        ("power = 1", "power = 1\nextra = 1"),
        ("power = 1", ""),
        ("= \"reputation\"", "= \"whoever\""),
        ("cluster = \"", "cluster = \"0"),
    ] {
        std::fs::write(&path, text.replacen(old, new, 1)).unwrap();
        let refused = CommitteeFile::load(&path).unwrap_err();
        assert!(matches!(refused, ConfigError::Syntax { .. }), "{old}: {refused}");
    }
    std::fs::write(&path, text.replacen("power = 1", "power = 0", 1)).unwrap();
    let refused = CommitteeFile::load(&path).unwrap_err();
    assert!(matches!(refused, ConfigError::Committee { .. }), "{refused}");
}

#[test]
fn containers_find_each_other_by_name_and_are_published_on_loopback() {
    let folder = tempfile::tempdir().unwrap();
    assert!(testnet(folder.path(), &["--compose"]).status.success());
    let file = CommitteeFile::load(&folder.path().join("committee.toml")).unwrap();
    for number in 0..4u16 {
        let addresses = &file.addresses[&ReplicaId(number)];
        assert_eq!(addresses.peer.to_string(), format!("r{number}:7000"));
        assert_eq!(addresses.http.to_string(), format!("127.0.0.1:{}", 8080 + number));
        let own = ReplicaFile::load(&folder.path().join(format!("r{number}/replica.toml"))).unwrap();
        assert_eq!(own.listen.peer.to_string(), "0.0.0.0:7000");
        assert_eq!(own.listen.http.to_string(), "0.0.0.0:8080");
        assert_eq!(own.data, Path::new("/data"));
    }
}

#[test]
fn what_cannot_be_is_refused_in_one_line_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("net");
    let cases: [(&[&str], &str); 5] = [
        (&["--replicas", "3"], "too few"),
        (&["--replicas", "0"], "too few"),
        (&["--replicas", "257"], "too many"),
        (&["--base-port", "65534"], "do not suffice"),
        (&["--base-port", "8079"], "do not suffice"),
    ];
    for (more, reason) in cases {
        let refused = testnet(&out, more);
        assert!(!refused.status.success());
        assert_eq!(said(&refused).lines().count(), 1, "{}", said(&refused));
        assert!(said(&refused).contains(reason), "{}", said(&refused));
        assert!(!out.exists());
    }
    assert!(testnet(&out, &[]).status.success());
    let contents = |path: &PathBuf| std::fs::read(path).unwrap();
    let before: Vec<_> = files(&out).iter().map(contents).collect();
    let refused = testnet(&out, &[]);
    assert!(!refused.status.success());
    assert!(said(&refused).contains("not overwritten"), "{}", said(&refused));
    assert_eq!(files(&out).iter().map(contents).collect::<Vec<_>>(), before);
}

/// The ready committees of the repository still load, keys included.
#[test]
fn the_ready_committees_load() {
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    for name in ["compose", "local"] {
        let folder = tempfile::tempdir().unwrap();
        for path in files(&configs.join(name)) {
            if path.iter().any(|part| part == "data") {
                continue;
            }
            let copy = folder.path().join(path.strip_prefix(configs.join(name)).unwrap());
            std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
            std::fs::copy(&path, &copy).unwrap();
            #[cfg(unix)]
            if copy.extension().is_some_and(|extension| extension == "key") {
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o600)).unwrap();
            }
        }
        for number in 0..4 {
            ReplicaConfig::load(&folder.path().join(format!("r{number}/replica.toml"))).unwrap();
        }
        load_key(&folder.path().join("client.key")).unwrap();
    }
}
