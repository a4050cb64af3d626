//! Every command of `docs/operating.md`, as it stands there, in its order. Hosts are folders, each with a loopback
//! address; what reaches them, and what starts services there, are scripts that do the same on this machine. And those
//! of other texts that want no more than a cluster.

#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hotstuff");

/// The addresses in the text begin so.
const TOLD: &str = "10.0.0.";
/// And here so: loopback's, that no other test uses.
const HERE: &str = "127.77.1.";

/// In place of `ssh`: the command runs in the host's folder, as its home.
const SSH: &str = r#"#!/bin/bash
set -euo pipefail
host=$1; shift
mkdir -p "$SITE/hosts/$host"
cd "$SITE/hosts/$host"
HOME=$PWD exec bash -euo pipefail -c "$*"
"#;

/// In place of `scp`: one side may be in a host's folder.
const SCP: &str = r#"#!/bin/bash
set -euo pipefail
options=(); paths=()
for argument; do
  case $argument in
    -*) options+=("$argument") ;;
    *:*) mkdir -p "$SITE/hosts/${argument%%:*}"; paths+=("$SITE/hosts/${argument%%:*}/${argument#*:}") ;;
    *) paths+=("$argument") ;;
  esac
done
exec cp "${options[@]}" -- "${paths[@]}"
"#;

/// In place of `systemctl --user`: does what the unit in the home folder says.
const SYSTEMCTL: &str = r#"#!/bin/bash
set -euo pipefail
[ "$1" = --user ]; shift
command=$1; shift
now=
if [ "${1-}" = --now ]; then now=1; shift; fi
[ "$*" = hotstuff ]
unit=$HOME/.config/systemd/user/hotstuff.service
told() { sed -n "s|^$1=||p" "$unit" | sed "s|%h|$HOME|g"; }
is_up() { [ -f service.pid ] && kill -0 "$(cat service.pid)" 2>/dev/null; }
start() {
  is_up && return
  nohup $(told ExecStart) >>service.log 2>&1 </dev/null &
  echo $! >service.pid
  echo $! >>"$SITE/pids"
}
stop() {
  is_up || return 0
  pid=$(cat service.pid)
  kill -TERM "$pid"
  tail --pid="$pid" -f /dev/null
  rm service.pid
}
case $command in
  enable) [ -z "$now" ] || start ;;
  disable) [ -z "$now" ] || stop ;;
  start) start ;;
  stop) stop ;;
  restart) stop; start ;;
  reload) MAINPID=$(cat service.pid); eval "$(told ExecReload)" ;;
  *) echo "no such command: $command" >&2; exit 1 ;;
esac
"#;

/// In place of `curl`, which not every machine has: gets a page of plain HTTP, and fails where the answer is no 200.
const CURL: &str = r#"#!/bin/bash
set -euo pipefail
[ "$1" = -fsS ]
rest=${2#http://}; address=${rest%%/*}
exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
printf 'GET /%s HTTP/1.0\r\nhost: %s\r\n\r\n' "${rest#*/}" "$address" >&3
read -r status <&3
[[ $status == *" 200 "* ]]
sed '1,/^\r$/d' <&3
"#;

const JOURNALCTL: &str = "#!/bin/bash\n[ \"$*\" = '--user -u hotstuff' ] && cat service.log\n";

/// Building is tested elsewhere; here it gives the program that there is.
const CARGO: &str = r#"#!/bin/bash
set -euo pipefail
[ "$*" = "xtask build" ]
mkdir -p target/release
cp "$PROGRAM" target/release/hotstuff
"#;

/// A block of commands, and the line that it begins at.
struct Block {
    line: usize,
    commands: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (line, number) in text.lines().zip(1..) {
        match line {
            "```sh" => {
                blocks.push(Block { line: number + 1, commands: String::new() });
                is_open = true;
            }
            "```" => is_open = false,
            line if is_open => {
                let last = blocks.last_mut().expect("one is open");
                let _ = writeln!(last.commands, "{line}");
            }
            _ => {}
        }
    }
    blocks
}

/// A folder like a checkout of this repository, and hosts beside it.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let unit = "configs/systemd/hotstuff.service";
        fs::create_dir_all(site.path("checkout/configs/systemd")).unwrap();
        fs::copy(repository.join(unit), site.path("checkout").join(unit)).unwrap();
        fs::create_dir(site.path("bin")).unwrap();
        let scripts = [
            ("ssh", SSH),
            ("scp", SCP),
            ("systemctl", SYSTEMCTL),
            ("journalctl", JOURNALCTL),
            ("curl", CURL),
            ("cargo", CARGO),
        ];
        for (name, text) in scripts {
            let path = site.path("bin").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        std::os::unix::fs::symlink(PROGRAM, site.path("bin/hotstuff")).unwrap();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `script`; it must end within ten minutes.
    fn run(&self, script: &str) -> Output {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("timeout");
        command.args(["600", "bash", "-euo", "pipefail", "-c", script]).current_dir(self.path("checkout"));
        command.env("PATH", path).env("SITE", self.folder.path()).env("PROGRAM", PROGRAM);
        command.stdin(Stdio::null()).output().unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let pids = fs::read_to_string(self.path("pids")).unwrap_or_default();
        for pid in pids.lines().filter_map(|pid| rustix::process::Pid::from_raw(pid.parse().ok()?)) {
            // One that has ended is none of ours any more, so its program is looked at first.
            let program = fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).unwrap_or_default();
            if program.starts_with(self.folder.path()) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

/// What the commands print is what the text around them says.
#[test]
fn every_command_does_what_the_text_says() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating.md")).unwrap();
    let blocks = blocks(&text);
    assert!(blocks.len() > 8, "{} blocks", blocks.len());
    let mut script = String::new();
    for Block { line, commands } in &blocks {
        let commands = commands.replace(TOLD, HERE);
        let _ = writeln!(script, "echo '== line {line}'\n{commands}");
    }
    let site = Site::new();
    let Output { status, stdout, stderr } = site.run(&script);
    let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let tail = |text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    };
    assert!(status.success(), "{status}\n{}\n-- stderr\n{}", tail(&out), tail(&err));
    let section = |holds: &str| {
        let at =
            blocks.iter().find(|block| block.commands.contains(holds)).expect("the text has such a block");
        let printed = out.split("== line ").find(|part| part.starts_with(&format!("{}\n", at.line)));
        printed.expect("each block begins with its line").to_owned()
    };
    let restored = section("get hello");
    assert!(restored.contains("\nOK\n") && restored.ends_with("\nworld\n"), "the copy's value: {restored}");
    for said in ["nothing is wrong", "hotstuff_", "r4"] {
        assert!(out.contains(said), "{said} is missing in:\n{out}");
    }
}

/// Short runs, and the names of files that there are: otherwise as the texts have them.
#[test]
fn the_commands_of_other_texts_do_what_they_say() {
    let texts = [
        ("configuration.md", &[][..]),
        (
            "load.md",
            &[
                ("FILE", "committee.toml"),
                ("--duration 30", "--duration 1 --warm-up 0"),
                ("1,4,16,64", "1,2"),
                ("100,500,1000", "10,20"),
            ][..],
        ),
        ("storage.md", &[("DIR", "r0/data"), ("cargo run", "true cargo run")][..]),
    ];
    let mut script = String::from(
        "hotstuff testnet --hosts 127.77.2.10,127.77.2.11,127.77.2.12,127.77.2.13 --out cluster\ncd cluster\n\
         trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n\
         for n in 0 1 2 3; do hotstuff replica --config r$n/replica.toml >r$n/log 2>&1 & pids[n]=$!; done\n\
         for n in 0 1 2 3; do\n\
         until hotstuff health --url http://127.77.2.1$n:8080/readyz; do sleep 0.1; done\n\
         done\n",
    );
    for (name, replaced) in texts {
        if name == "storage.md" {
            script.push_str("kill -TERM ${pids[0]}\nwait ${pids[0]}\n");
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
        let blocks = blocks(&fs::read_to_string(path).unwrap());
        assert!(!blocks.is_empty(), "{name} has no commands");
        for Block { commands, .. } in blocks {
            let put = |text: String, (told, here): &(&str, &str)| text.replace(told, here);
            script.push_str(&replaced.iter().fold(commands, put));
        }
    }
    let site = Site::new();
    let Output { status, stdout, stderr } = site.run(&script);
    let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(status.success(), "{status}\n{out}\n-- stderr\n{err}");
    let report = fs::read_to_string(site.path("checkout/cluster/report.html")).unwrap();
    assert!(report.contains("four replicas") && report.contains("<svg"), "{report}");
    assert!(out.contains("observers = 64") && out.contains("nothing is wrong"), "{out}");
}
