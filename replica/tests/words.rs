//! What the program says of itself, and to who calls it wrongly: golden files, to be read as texts.
//! `UPDATE_EXPECT=1` writes them anew.

use clap::CommandFactory;
use expect_test::expect_file;
use hotstuff_replica::cli::Cli;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_hotstuff");
const HELP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/help");

/// The program, with nothing of this process' environment that it reads.
fn hotstuff(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HOTSTUFF_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).args(arguments).output().unwrap()
}

/// The words of each command and of each of its subcommands, at any depth.
fn commands(command: &clap::Command, before: &[String], all: &mut Vec<Vec<String>>) {
    all.push(before.to_vec());
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let words: Vec<String> = before.iter().cloned().chain([sub.get_name().to_owned()]).collect();
        commands(sub, &words, all);
    }
}

#[test]
fn the_help_of_every_command_is_as_it_was_reviewed() {
    let mut all = Vec::new();
    commands(&Cli::command(), &[], &mut all);
    assert!(all.len() > 20, "{all:?}");
    let mut names = BTreeSet::new();
    for words in all {
        let arguments: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
        let output = hotstuff(Path::new("."), &arguments);
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}");
        let name = format!("{}.txt", if words.is_empty() { "hotstuff".into() } else { words.join("_") });
        expect_file![format!("{HELP}/{name}")].assert_eq(&String::from_utf8(output.stdout).unwrap());
        names.insert(name);
    }
    let files = std::fs::read_dir(HELP).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, names, "no text is left of a command that is gone");
}

/// With each what it is asked for: the exit code, and what is said on standard error.
const WRONG: &[&str] = &[
    "",
    "frobnicate",
    "replica",
    "replica --config nowhere.toml",
    "replica --config net/committee.toml",
    "replica --config net/r0/replica.toml --log-format xml",
    "config net/r9/replica.toml",
    "testnet --replicas 3 --out new",
    "testnet --out net",
    "testnet --hosts a,b,b,c --out new",
    "testnet --hosts a,b --out new",
    "testnet --kubernetes --out new",
    "demo --replicas 2",
    "joiner --committee net/committee.toml --id 2 --peer a:1 --http a:2 --out r2",
    "joiner --committee net/committee.toml --id 4 --peer nowhere --http a:2 --out r4",
    "client --committee net/committee.toml --key net/client.key",
    "client --committee net/committee.toml --key net/client.key get",
    "client --committee net/absent.toml --key net/client.key get k",
    "client --committee net/committee.toml --key net/committee.toml get k",
    "client --committee net/committee.toml --key net/client.key incr k many",
    "client --committee net/committee.toml --key net/client.key transaction if_k_=",
    "client --committee net/committee.toml --key net/client.key --address 9=a:1 get k",
    "client --committee net/committee.toml --key net/client.key --timeout 0 get k",
    "client --committee net/committee.toml --key net/client.key random --rate -1",
    "change --committee net/committee.toml --key net/operator.key add --id 9",
    "change --committee net/committee.toml --key net/operator.key power --id 1",
    "status --committee net/client.key",
    "status",
    "health --url ftp://localhost/",
    "inspect nowhere",
    "verify net",
    "load --committee net/committee.toml --rate 0",
    "load --committee net/committee.toml --read-share 2",
    "load --committee net/committee.toml --payload 99999999",
    "report nowhere.json --out page.html",
    "report net/committee.toml --out page.html",
];

#[test]
fn what_is_said_to_who_calls_it_wrongly_is_as_it_was_reviewed() {
    let folder = tempfile::tempdir().unwrap();
    let made = hotstuff(folder.path(), &["testnet", "--out", "net"]);
    assert!(made.status.success(), "{made:?}");
    let mut told = String::new();
    for line in WRONG {
        let arguments: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let output = hotstuff(folder.path(), &arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.stdout.is_empty() && !said.contains("panicked"), "{line}: {said}");
        assert!(!output.status.success(), "{line}");
        let code = output.status.code().expect("it ends by itself");
        let _ = writeln!(told, "$ hotstuff {line}\n{}\n[{code}]\n", said.trim_end());
    }
    assert!(!told.contains(folder.path().to_str().unwrap()), "paths are told as they were given");
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/wrong.txt")].assert_eq(&told);
}
