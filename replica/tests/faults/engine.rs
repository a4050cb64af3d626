//! The Docker engine, and what the kernel does to the network of one container.

use crate::support::output;
use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};

/// All that a run makes carries this label, so that the next one finds what was left. Another checkout has
/// another, so that two can test at once.
pub const LABEL: &str = concat!("hotstuff.faults=", env!("CARGO_MANIFEST_DIR"));

/// Runs a `docker` command to its end, and returns what it printed.
pub async fn docker<S: AsRef<OsStr>>(arguments: &[S]) -> String {
    succeeded("docker", arguments).await
}

/// Runs a command in the network of a container's process, with the programs of this machine, and returns what
/// it printed.
pub async fn in_network_of(process: &str, arguments: &[&str]) -> String {
    succeeded("nsenter", &[&["--target", process, "--net"], arguments].concat()).await
}

/// The same; whether it went well.
pub async fn tried_in_network_of(process: &str, arguments: &[&str]) -> bool {
    run("nsenter", &[&["--target", process, "--net"], arguments].concat()).await.is_ok()
}

/// Makes a network, and returns its own address: the first one of a range that the engine says is free.
pub async fn make_network(name: &str) -> Ipv4Addr {
    // Containers may choose their addresses only where the range was chosen too.
    docker(&["network", "create", "--label", LABEL, name]).await;
    let format = "{{(index .IPAM.Config 0).Subnet}}";
    let subnet = docker(&["network", "inspect", "--format", format, name]).await;
    docker(&["network", "rm", name]).await;
    docker(&["network", "create", "--label", LABEL, "--subnet", &subnet, name]).await;
    let (first, _) = subnet.split_once('/').expect("a subnet has a length");
    first.parse().expect("the engine's networks are of IPv4")
}

/// Makes an image of `program`, the libraries it needs, and one to be loaded before them, if there is one; of
/// nothing else. All are files of this machine.
pub async fn make_image(program: &Path, preloaded: Option<&Path>, folder: &Path, name: &str) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::copy(program, folder.join("hotstuff")).unwrap();
    // A static program is told to have none.
    let libraries = run("ldd", &[program]).await.unwrap_or_default();
    let libraries = libraries.split_whitespace().filter(|word| word.starts_with('/')).map(Path::new);
    for library in libraries.chain(preloaded) {
        let to = folder.join(library.strip_prefix("/").unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(library, to).unwrap();
    }
    let archive = folder.with_extension("tar");
    let tar: [&OsStr; 5] = ["-cf".as_ref(), archive.as_ref(), "-C".as_ref(), folder.as_ref(), ".".as_ref()];
    succeeded("tar", &tar).await;
    let label = format!("LABEL {LABEL}");
    let changes = ["import", "--change", "ENTRYPOINT [\"/hotstuff\"]", "--change", label.as_str()];
    docker(&[&changes[..], &[archive.to_str().unwrap(), name]].concat()).await;
}

/// Takes away every container, network and image of this checkout's runs.
pub fn clean_up() {
    let filter = format!("label={LABEL}");
    for (list, remove) in [
        (&["container", "ls", "--all"][..], &["container", "rm", "--force", "--volumes"][..]),
        (&["network", "ls"], &["network", "rm"]),
        (&["image", "ls"], &["image", "rm", "--force"]),
    ] {
        let mut listing = Command::new("docker");
        listing.args(list).args(["--quiet", "--filter", &filter]);
        let listed = listing.output().map(|output| output.stdout).unwrap_or_default();
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let ids: Vec<&str> = listed.split_whitespace().collect();
        if !ids.is_empty() {
            Command::new("docker").args(remove).args(ids).stdout(Stdio::null()).status().ok();
        }
    }
}

async fn succeeded<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> String {
    run(program, arguments).await.unwrap_or_else(|failure| panic!("{failure}"))
}

async fn run<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments);
    let shown = format!("{command:?}");
    let output = output(command, b"").await;
    let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
    if !output.status.success() {
        return Err(format!("{shown} failed: {}", text(&output.stderr)));
    }
    Ok(text(&output.stdout))
}
