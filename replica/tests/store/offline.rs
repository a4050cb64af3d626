//! `hotstuff inspect` and `hotstuff verify`, on stores whose content is the same in each run.

use crate::chain::{CLUSTER, Chain, committee, operator};
use expect_test::{ExpectFile, expect_file};
use hotstuff_core::command::Operation;
use hotstuff_core::{CommitRule, CommitteeChange, Power, ReplicaId};
use hotstuff_replica::config::{CommitteeFile, Durability, MemberAddresses};
use hotstuff_replica::store::{FILE, Store};
use redb::TableDefinition;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder with a committee file and a store in `data`.
struct Site {
    folder: TempDir,
    /// Not closed: what is in the file is what a kill would leave.
    _store: Option<Store>,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (store, _) = Store::open(&data, &CLUSTER, ReplicaId(0), Durability::Os).unwrap();
        let mut chain = Chain::start(CommitRule::ThreeChain, 32);
        for number in 0..16u32 {
            chain.set(&format!("key {number}"), b"precious");
            if number == 3 {
                let change = CommitteeChange::SetPower { replica: ReplicaId(2), power: Power(2) };
                chain.submit(&operator(), Operation::Committee(change));
            }
            store.append(&chain.take_records()).unwrap();
        }
        for (name, rule) in [("committee.toml", CommitRule::ThreeChain), ("other.toml", CommitRule::TwoChain)]
        {
            let committee = committee(rule);
            let address = || "127.0.0.1:1".parse::<std::net::SocketAddr>().unwrap().into();
            let addresses = |id| (id, MemberAddresses { peer: address(), http: address() });
            let addresses = committee.ids().map(addresses).collect();
            CommitteeFile::new(committee, addresses).create(&folder.path().join(name)).unwrap();
        }
        Self { folder, _store: Some(store) }
    }

    fn stop(mut self) -> Self {
        self._store = None;
        self
    }

    /// The store's file as it is now, in a folder that nobody has open.
    fn killed(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        for name in ["committee.toml", "other.toml"] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name)).unwrap();
        }
        std::fs::copy(self.file(), folder.path().join("data").join(FILE)).unwrap();
        Self { folder, _store: None }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("data").join(FILE)
    }

    /// What a command says, but for the file's size, and its exit code. It must leave the file as it was.
    fn run(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let before = std::fs::read(self.file()).ok();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hotstuff"));
        let output = command.args(arguments).current_dir(self.folder.path()).output().unwrap();
        assert!(std::fs::read(self.file()).ok() == before, "the file is as it was");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        let bytes = before.map_or(0, |file| file.len());
        (said.replace(&bytes.to_string(), "SIZE"), output.status.code())
    }

    fn says(&self, arguments: &[&str], code: i32, golden: ExpectFile) {
        let (said, exit) = self.run(arguments);
        assert_eq!(exit, Some(code), "{said}");
        golden.assert_eq(&said);
    }

    fn refuses(&self, arguments: &[&str], expected: &str) {
        let (said, exit) = self.run(arguments);
        assert_eq!((said.lines().count(), exit), (1, Some(2)), "{said}");
        assert!(said.starts_with("hotstuff: ") && said.contains(expected), "{said}");
    }
}

#[test]
fn a_store_is_shown_and_checked() {
    let site = Site::new();
    site.refuses(&["inspect", "data"], "in use by another process");
    site.refuses(&["verify", "data"], "in use by another process");
    let killed = site.killed();
    let site = site.stop();
    site.says(&["inspect", "data"], 0, expect_file!["golden/inspect.txt"]);
    site.says(&["inspect", "data", "--json"], 0, expect_file!["golden/inspect.json"]);
    let with_committee = ["verify", "data", "--committee", "committee.toml"];
    site.says(&with_committee, 0, expect_file!["golden/verify.txt"]);
    site.says(&["verify", "data"], 0, expect_file!["golden/verify_alone.txt"]);
    // Neither needs the store to have been closed, nor any check to be left out.
    killed.says(&with_committee, 0, expect_file!["golden/verify.txt"]);
    let shown = site.run(&["inspect", "data"]);
    assert_eq!(site.run(&["inspect", "data", "--unchecked"]), shown);
    assert_eq!(killed.run(&["inspect", "data"]), shown);
    assert_eq!(killed.run(&["inspect", "data", "--unchecked"]), shown);
}

#[test]
fn what_cannot_be_looked_at_is_told_in_a_line() {
    let site = Site::new().stop();
    site.refuses(&["inspect", "nowhere"], "there is no store in nowhere");
    site.refuses(&["verify", "nowhere"], "there is no store in nowhere");
    site.refuses(&["verify", "data", "--committee", "absent.toml"], "cannot read absent.toml");
    let text = std::fs::read_to_string(site.folder.path().join("committee.toml")).unwrap();
    let foreign = text.replacen("cluster = \"07", "cluster = \"08", 1);
    std::fs::write(site.folder.path().join("foreign.toml"), foreign).unwrap();
    site.refuses(&["verify", "data", "--committee", "foreign.toml"], "is of another cluster");
    let (store, _) =
        Store::open(&site.folder.path().join("data"), &CLUSTER, ReplicaId(0), Durability::Os).unwrap();
    store.found(&committee(CommitRule::ThreeChain)).unwrap();
    drop(store);
    site.refuses(&["verify", "data", "--committee", "other.toml"], "started with another committee");
    assert_eq!(site.run(&["verify", "data", "--committee", "committee.toml"]).1, Some(0));
    assert_eq!(site.run(&["inspect"]).1, Some(2));
    assert!(site.run(&["verify", "--help"]).0.contains("Exit codes:"));
    assert!(site.run(&["inspect", "--help"]).0.contains("Exit codes:"));
}

#[test]
fn what_is_wrong_is_found() {
    let site = Site::new().stop();
    // By another commit rule some things are not so.
    let (said, code) = site.run(&["verify", "data", "--committee", "other.toml"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("wrong: ") && said.ends_with("the store is not in order\n"), "{said}");

    forget(&site.file(), "safety");
    let (said, code) = site.run(&["verify", "data", "--committee", "committee.toml"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("wrong: the safety record is too old: "), "{said}");
    let (said, code) = site.run(&["inspect", "data"]);
    assert!(code == Some(0) && !said.contains("last vote"), "{said}");
}

#[test]
fn of_a_damaged_store_is_shown_what_can_be_read() {
    let site = Site::new();
    let killed = site.killed();
    let site = site.stop();
    for site in [site, killed] {
        let (whole, _) = site.run(&["inspect", "data"]);
        let mut file = std::fs::read(site.file()).unwrap();
        let needle = b"precious";
        let at = (0..file.len() - needle.len()).find(|at| file[*at..].starts_with(needle)).unwrap();
        file[at] ^= 1;
        // That page may be free. Then it is one bit of the next place, too.
        let rest = at + needle.len()..file.len() - needle.len();
        for next in rest.filter(|at| file[*at..].starts_with(needle)).collect::<Vec<_>>() {
            file[next] ^= 1;
        }
        std::fs::write(site.file(), &file).unwrap();
        for command in ["inspect", "verify"] {
            let (said, code) = site.run(&[command, "data"]);
            assert_eq!(code, Some(1), "{said}");
            assert!(said.to_lowercase().contains("corrupted"), "{said}");
        }
        let (said, code) = site.run(&["inspect", "data", "--unchecked"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("damaged          block ") && said.contains("is not what was stored"),
            "{said}"
        );
        for line in ["replica  ", "high QC  ", "lock  ", "last vote  "] {
            let found = whole.lines().find(|told| told.starts_with(line)).unwrap();
            assert!(said.contains(found), "{found}: {said}");
        }
    }
}

/// Takes a value out of a store, as only a program can.
fn forget(file: &Path, name: &str) {
    let database = redb::Database::open(file).unwrap();
    let transaction = database.begin_write().unwrap();
    let values = TableDefinition::<&str, &[u8]>::new("values");
    assert!(transaction.open_table(values).unwrap().remove(name).unwrap().is_some());
    transaction.commit().unwrap();
}
