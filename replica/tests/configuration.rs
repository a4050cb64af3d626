//! A replica's settings: of its file and of the environment, as the programs and the documentation have them.

mod support;

use expect_test::expect_file;
use hotstuff_core::ReplicaId;
use hotstuff_replica::config::environment::is_anothers;
use hotstuff_replica::config::{Durability, fields};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Cluster, PROGRAM, said};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// `hotstuff config` on one replica's file, in that file's folder's parent, with such variables.
fn config(cluster: &Cluster, variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let file = &cluster.testnet.replicas[&ReplicaId(1)];
    let mut command = Command::new(PROGRAM);
    command.arg("config").arg(file).envs(variables.iter().copied());
    let output = command.current_dir(cluster.folder.path()).output().unwrap();
    let (code, out, err) = said(&output);
    (code, out.to_owned(), err.to_owned())
}

/// The line on a setting, its words with single spaces.
fn line(out: &str, setting: &str) -> String {
    let start = format!("{setting} = ");
    let line =
        out.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{setting}: {out}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn variables_come_before_the_file_and_that_before_defaults() {
    let cluster = Cluster::prepare(4);
    let file = &cluster.testnet.replicas[&ReplicaId(1)];
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, text.replace("observers = 64\n", "observers = 5\n").replace("clients = 1024\n", ""))
        .unwrap();

    let (code, plain, _) = config(&cluster, &[]);
    assert_eq!(code, Some(0));
    assert!(line(&plain, "observers").starts_with("observers = 5 # line "), "{plain}");
    assert_eq!(line(&plain, "clients"), "clients = 1024 # default");
    assert!(plain.ends_with("# In order: r1 of 4 replicas.\n"), "{plain}");

    let variables = [
        ("HOTSTUFF_LINKS__OBSERVERS", "3"),
        ("HOTSTUFF_LISTEN__HTTP", "[::1]:99"),
        ("HOTSTUFF_ALLOWED_ORIGINS", "http://a:1,https://b"),
        ("HOTSTUFF_DATA", "elsewhere"),
    ];
    let (code, out, _) = config(&cluster, &variables);
    assert_eq!(code, Some(0));
    assert_eq!(line(&out, "observers"), "observers = 3 # HOTSTUFF_LINKS__OBSERVERS");
    assert_eq!(line(&out, "http"), "http = \"[::1]:99\" # HOTSTUFF_LISTEN__HTTP");
    assert!(line(&out, "allowed_origins").starts_with("allowed_origins = [\"http://a:1\", \"https://b\"] #"));
    let elsewhere = std::fs::canonicalize(cluster.folder.path()).unwrap().join("elsewhere");
    assert!(line(&out, "data").starts_with(&format!("data = {:?} #", elsewhere.to_str().unwrap())), "{out}");

    // What is printed is a file that says the same.
    std::fs::write(file, &out).unwrap();
    let (code, again, _) = config(&cluster, &[]);
    assert_eq!(code, Some(0));
    let settings = |text: &str| text.parse::<toml::Table>().unwrap();
    assert_eq!(settings(&again), settings(&out));
}

#[test]
fn what_a_file_must_name_may_come_from_the_environment_alone() {
    let cluster = Cluster::prepare(4);
    let file = &cluster.testnet.replicas[&ReplicaId(1)];
    let text = std::fs::read_to_string(file).unwrap();
    let (head, tail) = (text.find("[listen]").unwrap(), text.find("[consensus]").unwrap());
    std::fs::write(file, format!("{}{}", text[..head].replace("id = 1\n", ""), &text[tail..])).unwrap();

    let variables = [
        ("HOTSTUFF_ID", "1"),
        ("HOTSTUFF_LISTEN__PEER", "127.0.0.1:1"),
        ("HOTSTUFF_LISTEN__HTTP", "127.0.0.1:2"),
    ];
    assert_eq!(config(&cluster, &variables).0, Some(0));
    for without in 0..variables.len() {
        let mut less = variables.to_vec();
        let (missing, _) = less.remove(without);
        let (code, _, err) = config(&cluster, &less);
        assert_eq!(code, Some(1));
        assert!(err.contains(&format!("and {missing} is not set")) && err.lines().count() == 1, "{err}");
    }
}

#[test]
fn what_does_not_fit_is_refused_in_one_line_that_names_it() {
    let cluster = Cluster::prepare(4);
    for (variable, value, reason) in [
        ("HOTSTUFF_LINK__OBSERVERS", "3", "did you mean HOTSTUFF_LINKS__OBSERVERS?"),
        ("HOTSTUFF_LINKS__OBSERVERS", "few", "a whole number of observers from 0 to 4294967295 is wanted"),
        ("HOTSTUFF_LINKS__OBSERVERS", "0", "holds a setting of zero"),
        ("HOTSTUFF_CONSENSUS__TIMEOUT_MIN_US", "99999999", "timeout_min_us is above timeout_max_us"),
        ("HOTSTUFF_ID", "2", "does not hold the key that the committee names for r2"),
        ("HOTSTUFF_ID", "9", "r9 is neither among [[members]]"),
        ("HOTSTUFF_COMMITTEE", "nowhere.toml", "cannot read"),
        ("HOTSTUFF_TLS_KEY", "tls.key", "tls_cert and tls_key stand together"),
    ] {
        let (code, _, err) = config(&cluster, &[(variable, value)]);
        assert_eq!(code, Some(1), "{variable}");
        assert!(err.contains(variable) && err.contains(reason), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    // Of a broken file the line is told, whatever the environment has.
    let file = &cluster.testnet.replicas[&ReplicaId(1)];
    let text = std::fs::read_to_string(file).unwrap();
    let bad = text.replace("[links]\n", "[links]\nextra = 1\n");
    std::fs::write(file, &bad).unwrap();
    let number = bad.lines().position(|line| line == "extra = 1").unwrap() + 1;
    let (code, _, err) = config(&cluster, &[("HOTSTUFF_LINKS__OBSERVERS", "3")]);
    assert_eq!(code, Some(1));
    assert!(err.contains(&format!("line {number}: unknown field `extra`")), "{err}");
    std::fs::write(file, text.replace("[links]\n", "links = 3\n[other]\n")).unwrap();
    let (code, _, err) = config(&cluster, &[("HOTSTUFF_LINKS__OBSERVERS", "3")]);
    assert_eq!(code, Some(1));
    assert!(err.contains("replica.toml, line "), "{err}");
}

/// A variable that makes a difference is told in the log, one that says what is there already is not.
#[cfg(unix)]
#[tokio::test]
async fn a_replica_goes_by_the_environment_and_tells_what_it_changed() {
    let mut cluster = Cluster::prepare(4);
    let id = ReplicaId(2);
    let mut command = Command::new(PROGRAM);
    command.env("HOTSTUFF_DURABILITY", "os").env("HOTSTUFF_LINKS__OBSERVERS", "64").env("HOTSTUFF_SEED", "9");
    cluster.start_replica_by(id, command);
    cluster.well(id).await;
    assert_eq!(cluster.status(id).await.unwrap().durability, Durability::Os);
    assert_eq!(cluster.terminate_replica(id).await.code(), Some(0));
    let log = cluster.logged(id);
    assert!(log.contains("HOTSTUFF_DURABILITY=\"os\" in place of \"sync\""), "{log}");
    assert!(!log.contains("OBSERVERS") && !log.contains("SEED"), "{log}");
}

#[test]
fn the_help_names_every_variable() {
    let output = Command::new(PROGRAM).args(["replica", "--help"]).output().unwrap();
    let (_, help, _) = said(&output);
    for field in fields::all() {
        assert!(
            help.contains(&field.variable()) && help.contains(&field.default_in_words()),
            "{}",
            field.key()
        );
    }
}

/// `UPDATE_EXPECT=1` writes them anew.
#[test]
fn the_documented_tables_are_those_of_the_program() {
    let path = Path::new(ROOT).join("docs/configuration.md");
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (table, _, fields) in fields::tables() {
        let start = match table {
            "" => "<!-- settings -->\n".to_owned(),
            table => format!("<!-- settings: {table} -->\n"),
        };
        let from = text.find(&start).unwrap_or_else(|| panic!("no place for {table:?}")) + start.len();
        let to = from + text[from..].find("<!-- end -->").unwrap();
        text.replace_range(from..to, &fields::documentation(fields));
    }
    expect_file![path].assert_eq(&text);
}

/// Whatever else reads variables that begin like a replica's is on the list of those that replicas pass over.
#[test]
fn no_other_name_in_the_repository_would_be_taken_for_a_misspelt_setting() {
    let settings: BTreeSet<String> = fields::all().map(fields::Field::variable).collect();
    let mut names = 0;
    for path in sources(Path::new(ROOT)) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (at, _) in text.match_indices(fields::PREFIX) {
            let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            let name: String = text[at..].chars().take_while(|c| is_of_name(*c)).collect();
            // What ends so is the beginning of several.
            if name.ends_with('_') || name == "HOTSTUFF_PORT_R" {
                continue;
            }
            names += 1;
            assert!(
                settings.contains(&name) || is_anothers(&name),
                "{} names {name}: the list in config/environment.rs does not have it",
                path.display()
            );
        }
    }
    assert!(names > 30, "{names}");
}

/// All files that may read variables, but those that show what is refused.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap_or_default();
        let is_other = name.starts_with('.') || ["target", "dist", "node_modules"].contains(&name);
        if is_other || path.ends_with("src/config") || path.ends_with("tests/configuration.rs") {
            continue;
        }
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_none_or(|kind| kind != "md" && kind != "lock") {
            found.push(path);
        }
    }
    found
}
