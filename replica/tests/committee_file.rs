//! What a committee file says of replicas that joined, and of changes that were made.

use hotstuff_core::{Epoch, Power, ReplicaId};
use hotstuff_replica::config::{CommitteeFile, ConfigError, ReplicaConfig};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hotstuff");

/// A new cluster's folder and its committee file.
fn testnet() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(PROGRAM).arg("testnet").arg("--out").arg(folder.path()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let committee = folder.path().join("committee.toml");
    (folder, committee)
}

/// What `hotstuff joiner` says for r4, on standard output or standard error.
fn joiner(committee: &Path, id: &str, out: &Path) -> Result<String, String> {
    let mut command = Command::new(PROGRAM);
    command.arg("joiner").arg("--committee").arg(committee).args(["--id", id]).arg("--out").arg(out);
    let ended = command.args(["--peer", "r4:7004", "--http", "127.0.0.1:8084"]).output().unwrap();
    let [out, err] = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    if ended.status.success() { Ok(out) } else { Err(err) }
}

fn append(path: &Path, text: &str) {
    let before = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, before + text).unwrap();
}

#[test]
fn what_is_written_for_a_joiner_is_what_it_loads_once_the_committee_file_has_its_row() {
    let (folder, committee) = testnet();
    let out = folder.path().join("r4");
    let row = joiner(&committee, "4", &out).unwrap();
    let early = ReplicaConfig::load(&out.join("replica.toml")).unwrap_err();
    assert!(matches!(early, ConfigError::NotAMember { id: ReplicaId(4), .. }), "{early}");

    let before = CommitteeFile::load(&committee).unwrap();
    append(&committee, &row);
    let config = ReplicaConfig::load(&out.join("replica.toml")).unwrap();
    assert_eq!(config.committee.key(ReplicaId(4)), Some(config.key.public()));
    assert_eq!(config.listen.peer.to_string(), "0.0.0.0:7004");
    assert_eq!(config.listen.http.to_string(), "127.0.0.1:8084");
    assert_eq!(config.committee.addresses[&ReplicaId(4)].peer.to_string(), "r4:7004");
    assert_eq!(config.committee.addresses.len(), 5);
    for same in [&config.committee.committee, &config.committee.current] {
        assert_eq!(same.spec(), before.committee.spec(), "a row for a joiner makes no member of it");
        assert_eq!(same.genesis_qc(), before.committee.genesis_qc());
    }

    let taken = joiner(&committee, "4", &folder.path().join("again")).unwrap_err();
    assert!(taken.contains("r4") && taken.contains("taken"), "{taken}");
    let written = std::fs::read(out.join("replica.key")).unwrap();
    let there = joiner(&committee, "5", &out).unwrap_err();
    assert!(there.contains("not overwritten"), "{there}");
    assert_eq!(std::fs::read(out.join("replica.key")).unwrap(), written);
}

#[test]
fn changes_make_the_committee_that_clients_go_by_and_leave_the_first_as_it_is() {
    let (folder, committee) = testnet();
    let row = joiner(&committee, "4", &folder.path().join("r4")).unwrap();
    append(&committee, &row);
    let key = CommitteeFile::load(&committee).unwrap().joiners[&ReplicaId(4)];
    append(&committee, &format!("[[changes]]\nadd = {{ id = 4, key = \"{key:#}\", power = 1 }}\n"));
    append(&committee, "[[changes]]\nremove = 0\n[[changes]]\nset-power = { id = 1, power = 2 }\n");
    let file = CommitteeFile::load(&committee).unwrap();
    assert_eq!((file.committee.epoch(), file.current.epoch()), (Epoch(0), Epoch(3)));
    assert_eq!(file.committee.ids().collect::<Vec<_>>(), [0, 1, 2, 3].map(ReplicaId));
    assert_eq!(file.current.ids().collect::<Vec<_>>(), [1, 2, 3, 4].map(ReplicaId));
    assert_eq!(file.current.power(ReplicaId(1)), Power(2));
    assert_eq!(file.current.cluster(), file.committee.cluster());
}

/// Signatures of before would be taken for those of whoever has the number now.
#[test]
fn a_number_that_was_given_away_is_taken_for_good() {
    let (folder, committee) = testnet();
    let before = std::fs::read_to_string(&committee).unwrap();
    let row = joiner(&committee, "4", &folder.path().join("r4")).unwrap();
    append(&committee, &row);
    let key = CommitteeFile::load(&committee).unwrap().joiners[&ReplicaId(4)];
    // It has left since, and its row with it.
    std::fs::write(&committee, before).unwrap();
    append(&committee, &format!("[[changes]]\nadd = {{ id = 4, key = \"{key:#}\", power = 1 }}\n"));
    append(&committee, "[[changes]]\nremove = 4\n");
    let file = CommitteeFile::load(&committee).unwrap();
    assert!(!file.current.contains(ReplicaId(4)) && file.key(ReplicaId(4)) == Some(key));
    let refused = joiner(&committee, "4", &folder.path().join("again")).unwrap_err();
    assert!(refused.contains("its number is taken"), "{refused}");
}

#[test]
fn rows_that_cannot_be_are_refused_by_name() {
    let (folder, committee) = testnet();
    let good = std::fs::read_to_string(&committee).unwrap();
    let row = joiner(&committee, "4", &folder.path().join("r4")).unwrap();
    let taken = CommitteeFile::load(&committee).unwrap().key(ReplicaId(2)).unwrap();
    let own = row.lines().find_map(|line| line.strip_prefix("key = ")).unwrap();
    let change = |text: &str| format!("\n[[changes]]\n{text}\n");
    for (more, said) in [
        (row.replace("id = 4", "id = 3"), "r3 among [[joiners]]: its number is taken"),
        (row.repeat(2), "r4 among [[joiners]]: its number is taken"),
        (format!("{row}{}", row.replace("id = 4", "id = 5")), "r5 among [[joiners]]: its key is another's"),
        (row.replace(own, &format!("\"{taken:#}\"")), "r4 among [[joiners]]: its key is another's"),
        (row.replace(own, &format!("\"{}\"", "0".repeat(64))), "r4 among [[joiners]]: its key is not valid"),
        (format!("{row}power = 1\n"), "unknown field `power`"),
        (change("remove = 9"), "change 1 among [[changes]] cannot have been made: r9 is not a member"),
        (change("remove = 0") + &change("remove = 0"), "change 2 among [[changes]]"),
        (change("drop = 0"), "unknown variant `drop`"),
        (change("set-power = { id = 0, power = 1, until = 2 }"), "unknown field `until`"),
        (change("set-power = { id = 0, power = 9 }"), "too much at once"),
    ] {
        std::fs::write(&committee, good.clone() + &more).unwrap();
        let refused = CommitteeFile::load(&committee).unwrap_err().to_string();
        assert!(refused.contains(said) && refused.contains("committee.toml"), "{said}: {refused}");
    }
}
