//! A stand-in for the Rust image, made on this machine where the image cannot be pulled: a small
//! Debian with a C compiler, this machine's Rust toolchain without the wasm target, its trusted
//! certificates, the tools that set-up has built, and the libraries that other steps have compiled.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::{caches, docker, inspect};
use crate::console::Console;
use crate::process::{capture, command};
use crate::project::Project;
use crate::setup::{packages, tools};
use crate::toolchain_copy::ToolchainCopy;

const PULL_LIMIT: Duration = Duration::from_secs(10 * 60);
const MAKE_LIMIT: Duration = Duration::from_secs(15 * 60);
/// Tells our image from a real one, and from what made it.
const LABEL: &str = "hotstuff.stand-in";
const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";
const PATH: &str = "/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Makes sure that the image which the Dockerfile builds from is there, pulled or made. Returns
/// a few words on which it is.
///
/// # Errors
/// When it can neither be pulled nor made here.
pub fn ensure(console: &Console, project: &Project) -> Result<&'static str> {
    let image = base_image(project)?;
    let key = key(project)?;
    match inspect("image", &image, &format!("{{{{index .Config.Labels \"{LABEL}\"}}}}")) {
        Some(label) if label == key => return Ok("on a stand-in for the Rust image"),
        Some(label) if label.is_empty() || label == "<no value>" => return Ok("on the Rust image"),
        _ => {}
    }
    console.say(format!("docker: pulling {image}"));
    match console.run("docker pull", PULL_LIMIT, &mut docker(&["pull", &image])) {
        Ok(_) => return Ok("on the Rust image"),
        Err(error) if console.is_interrupted() => return Err(error),
        Err(_) => console.say(format!("docker: {image} cannot be pulled: making a stand-in for it")),
    }
    make(console, project, &image, &key).with_context(|| {
        format!("{image} can neither be pulled nor made here: load it with `docker load`, or test on Debian as root")
    })?;
    Ok("on a stand-in for the Rust image")
}

/// The image that the Dockerfile names.
fn base_image(project: &Project) -> Result<String> {
    let text = std::fs::read_to_string(project.root.join("Dockerfile")).context("Dockerfile")?;
    let image = text.lines().find_map(|line| line.strip_prefix("ARG RUST_IMAGE="));
    Ok(image.context("the Dockerfile names no RUST_IMAGE")?.to_owned())
}

fn key(project: &Project) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(capture(command("rustc").arg("-vV"))?);
    hash.update(project.trunk_version()?);
    hash.update(project.wasm_bindgen_version()?);
    // Libraries are no part of it: those of an earlier build serve as well, or are compiled again.
    hash.update(include_str!("stand_in.rs"));
    hash.update(include_str!("caches.rs"));
    hash.update(std::fs::read(Path::new("/").join(CERTIFICATES)).unwrap_or_default());
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn make(console: &Console, project: &Project, image: &str, key: &str) -> Result<()> {
    if !packages::is_debian() || !packages::is_root()? {
        bail!("a stand-in can be made on Debian, by root");
    }
    let release = image.rsplit('-').next().unwrap_or_default();
    packages::install(console, &["debootstrap"], "a stand-in for the Rust image")?;
    let scratch = Scratch::new(project)?;
    let root = scratch.0.join("root");
    console.say(format!("docker: making a small Debian {release}"));
    // A half-written image is thrown away: no need to wait for the disk after each file.
    let settings = root.join("etc/dpkg/dpkg.cfg.d");
    std::fs::create_dir_all(&settings)?;
    std::fs::write(settings.join("stand-in"), "force-unsafe-io\n")?;
    let mut debootstrap = command("debootstrap");
    debootstrap.args(["--variant=minbase", "--include=gcc,libc6-dev,ca-certificates", release]);
    console.run("debootstrap", MAKE_LIMIT, debootstrap.arg(&root))?;
    let name = add_rust(console, project, &root)?;
    add_from_this_machine(console, &root)?;
    if packages::is_debian_release(release) {
        // Programs among them need the C library that they were linked with.
        caches::add(console, project, &root)?;
    }
    import(console, &scratch.0, &root, image, key, &name)
}

/// Puts rustup, the active toolchain and its proxies where the real image has them.
fn add_rust(console: &Console, project: &Project, root: &Path) -> Result<String> {
    let toolchain = ToolchainCopy::of_active(&project.scratch().join("toolchain-for-image"))?
        .map_err(anyhow::Error::msg)?;
    let home = root.join("usr/local/rustup");
    let programs = root.join("usr/local/cargo/bin");
    std::fs::create_dir_all(&programs)?;
    copy(console, &toolchain.rustup_home(), &home)?;
    let rustup = crate::process::find("rustup").context("there is no rustup")?;
    std::fs::copy(rustup, programs.join("rustup"))?;
    for proxy in ["cargo", "rustc", "rustdoc"] {
        std::os::unix::fs::symlink("rustup", programs.join(proxy))?;
    }
    let settings = format!("version = \"12\"\ndefault_toolchain = \"{}\"\n", toolchain.name);
    std::fs::write(home.join("settings.toml"), settings)?;
    Ok(toolchain.name.clone())
}

/// Whom this machine trusts, where it gets packages, and the tools it has built.
fn add_from_this_machine(console: &Console, root: &Path) -> Result<()> {
    let certificates = Path::new("/").join(CERTIFICATES);
    if certificates.exists() {
        std::fs::copy(certificates, root.join(CERTIFICATES))?;
    }
    let sources = "etc/apt/sources.list.d/debian.sources";
    if Path::new("/").join(sources).exists() {
        std::fs::copy(Path::new("/").join(sources), root.join(sources))?;
        std::fs::write(root.join("etc/apt/sources.list"), "")?;
    }
    let built = tools::folder()?;
    if built.exists() {
        let cache = root.join("root/.cache/hotstuff");
        std::fs::create_dir_all(&cache)?;
        copy(console, &built, &cache.join("tools"))?;
    }
    Ok(())
}

fn import(console: &Console, work: &Path, root: &Path, image: &str, key: &str, name: &str) -> Result<()> {
    let archive = work.join("root.tar");
    let mut tar = command("tar");
    tar.arg("--create").arg("--file").arg(&archive).arg("--directory").arg(root);
    console.run("packing the stand-in", MAKE_LIMIT, tar.args(["--exclude=./var/cache/apt/archives", "."]))?;
    std::fs::remove_dir_all(root)?;
    let mut import = docker(&["import"]);
    for change in [
        format!("ENV PATH={PATH} RUSTUP_HOME=/usr/local/rustup"),
        format!(
            "ENV CARGO_HOME={} CARGO_BUILD_BUILD_DIR={}",
            caches::cargo_home()?.display(),
            caches::OBJECTS
        ),
        format!("LABEL {LABEL}={key}"),
        "CMD [\"bash\"]".to_owned(),
    ] {
        import.args(["--change", &change]);
    }
    import.arg(&archive).arg(image);
    console.run("importing the stand-in", MAKE_LIMIT, &mut import)?;
    console.say(format!("docker: {image} is now a stand-in made here, with toolchain {name}"));
    Ok(())
}

fn copy(console: &Console, from: &Path, to: &Path) -> Result<()> {
    let mut copy = command("cp");
    console.run("copying", MAKE_LIMIT, copy.arg("--archive").arg(from).arg(to)).map(drop)
}

/// A folder that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(project: &Project) -> Result<Self> {
        let folder = project.scratch().join(format!("stand-in-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It lies in the target folder: what is left of it is in nobody's way.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
