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
fn replicas_may_listen_elsewhere_than_they_are_found() {
    let folder = tempfile::tempdir().unwrap();
    assert!(testnet(folder.path(), &["--host", "10.0.0.5", "--listen", "::"]).status.success());
    let config = ReplicaConfig::load(&folder.path().join("r1/replica.toml")).unwrap();
    assert_eq!(config.listen.peer.to_string(), "[::]:7001");
    assert_eq!(config.committee.addresses[&ReplicaId(1)].http.to_string(), "10.0.0.5:8081");
    let refused = testnet(&folder.path().join("more"), &["--compose", "--listen", "::"]);
    assert_eq!(refused.status.code(), Some(2));
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
fn a_folder_for_another_host_is_all_that_its_replica_needs() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("net");
    let file = folder.path().join("hosts");
    std::fs::write(&file, "# two of them\nA.example\n2001:db8::1 # by its address\n").unwrap();
    let written = testnet(&out, &["--hosts-file", file.to_str().unwrap(), "--replicas", "4"]);
    assert!(written.status.success(), "{}", said(&written));
    let common = CommitteeFile::load(&out.join("committee.toml")).unwrap();
    let peers: Vec<String> = common.addresses.values().map(|at| at.peer.to_string()).collect();
    assert_eq!(peers, ["a.example:7000", "[2001:db8::1]:7000", "a.example:7001", "[2001:db8::1]:7001"]);
    let guide = std::fs::read_to_string(out.join("README.txt")).unwrap();
    for (number, listen) in (0..).zip(["0.0.0.0:8080", "[::]:8080", "0.0.0.0:8081", "[::]:8081"]) {
        // Taken elsewhere, with nothing of the rest.
        let moved = folder.path().join(format!("hotstuff-r{number}"));
        std::fs::rename(out.join(format!("r{number}")), &moved).unwrap();
        let config = ReplicaConfig::load(&moved.join("replica.toml")).unwrap();
        assert_eq!(config.id, ReplicaId(number));
        assert_eq!(config.listen.http.to_string(), listen);
        assert_eq!(config.committee.committee.spec(), common.committee.spec());
        assert_eq!(config.committee.addresses, common.addresses);
        let copy = ["a.example", "[2001:db8::1]"][usize::from(number) % 2];
        let copy = format!("scp -pr r{number} {copy}:hotstuff-r{number}\n");
        let own = std::fs::read_to_string(moved.join("README.txt")).unwrap();
        let run = format!("hotstuff replica --config hotstuff-r{number}/replica.toml ");
        assert!(guide.contains(&copy) && own.contains(&copy) && own.contains(&run), "{guide}{own}");
    }
    assert_eq!(files(&out).len(), 4, "what is left is nobody's alone: {:?}", files(&out));
}

/// That each of these is refused for its reason, and writes nothing.
fn refused_in_one_line(out: &Path, cases: &[(&[&str], &str)]) {
    for (more, reason) in cases {
        let refused = testnet(out, more);
        assert!(!refused.status.success());
        assert_eq!(said(&refused).lines().count(), 1, "{}", said(&refused));
        assert!(said(&refused).contains(reason), "{}", said(&refused));
        assert!(!out.exists());
    }
}

#[test]
fn hosts_that_cannot_be_are_refused_in_one_line_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("net");
    let cases: [(&[&str], &str); 11] = [
        (&["--hosts", "a,b,c,"], "\"\" is no host: it is empty"),
        (&["--hosts", ""], "it is empty"),
        (&["--hosts", "a,b,c,A"], "a is named more than once"),
        (&["--hosts", "a,b,c"], "3 hosts are too few"),
        (&["--hosts", "a,b,c,d,e", "--replicas", "4"], "4 replicas leave some of 5 hosts without one"),
        (&["--hosts", "a,b,c,0.0.0.0"], "nobody can be reached"),
        (&["--hosts", "a,b,c,::1:7000:x"], "stands in brackets"),
        (&["--hosts", "a,b", "--replicas", "4", "--base-port", "8079"], "would be taken twice"),
        (&["--hosts", "a", "--replicas", "5", "--http-port", "65534"], "do not suffice"),
        (&["--hosts-file", "nowhere"], "cannot read nowhere"),
        (&["--hosts-file", "/dev/null"], "no host is named"),
    ];
    refused_in_one_line(&out, &cases);
    for more in [
        &["--hosts", "a,b,c,d", "--compose"][..],
        &["--hosts", "a,b,c,d", "--host", "10.0.0.1"],
        &["--hosts", "a,b,c,d", "--hosts-file", "f"],
        &["--hosts", "a,b,c,d", "--kubernetes", "--image", "i"],
        &["--kubernetes"],
        &["--image", "i"],
        &["--kubernetes", "--image", "i", "--namespace", "A"],
        &["--kubernetes", "--image", "i", "--storage", "big"],
        &["--kubernetes", "--image", "i", "--compose"],
        &["--kubernetes", "--image", "i", "--http-port", "80"],
    ] {
        assert_eq!(testnet(&out, more).status.code(), Some(2), "{more:?}");
        assert!(!out.exists());
    }
    let refused = testnet(&out, &["--kubernetes", "--image", "i", "--replicas", "3"]);
    assert!(said(&refused).contains("too few") && !out.exists(), "{}", said(&refused));
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
    refused_in_one_line(&out, &cases);
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
