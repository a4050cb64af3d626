//! Where the project lies and the facts that its manifest and cargo name.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process;

/// The checkout this command works on.
pub struct Project {
    /// Folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target folder, wherever the environment or its configuration puts it.
    pub target: PathBuf,
    /// Answer of `cargo metadata --no-deps`.
    pub metadata: Value,
    manifest: toml::Table,
}

impl Project {
    /// Finds the checkout from the place of this crate.
    ///
    /// # Errors
    /// When cargo cannot read the workspace.
    pub fn locate() -> Result<Self> {
        let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = crate_folder.parent().context("the xtask folder has no parent")?.to_path_buf();
        let answer = process::capture(
            process::command("cargo")
                .args(["metadata", "--no-deps", "--format-version", "1"])
                .current_dir(&root),
        )?;
        let metadata: Value = serde_json::from_str(&answer).context("answer of cargo metadata")?;
        let target =
            metadata["target_directory"].as_str().context("cargo metadata names no target directory")?.into();
        let text = std::fs::read_to_string(root.join("Cargo.toml")).context("Cargo.toml")?;
        let manifest = text.parse().context("Cargo.toml")?;
        Ok(Self { root, target, metadata, manifest })
    }

    /// Folder for what this command makes and nobody else reads: logs, stamps, scratch space.
    pub fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// Version of Trunk that the workspace pins.
    ///
    /// # Errors
    /// When the manifest lacks it.
    pub fn trunk_version(&self) -> Result<&str> {
        self.text(&["workspace", "metadata", "tools", "trunk"])
    }

    /// Version of the checker of Kubernetes manifests that the workspace pins.
    ///
    /// # Errors
    /// When the manifest lacks it.
    pub fn kubernetes_validate_version(&self) -> Result<&str> {
        self.text(&["workspace", "metadata", "python", "kubernetes-validate"])
    }

    /// The Python packages that the workspace pins, as `name==version`.
    ///
    /// # Errors
    /// When the manifest lacks them.
    pub fn python_packages(&self) -> Result<Vec<String>> {
        let path = ["workspace", "metadata", "python"];
        let first = self.manifest.get(path[0]).and_then(|value| value.get(path[1])?.get(path[2]));
        let table = first.and_then(toml::Value::as_table).context("Cargo.toml has no Python packages")?;
        let pin = |(name, version): (&String, &toml::Value)| {
            let version =
                version.as_str().with_context(|| format!("Cargo.toml pins no version of {name}"))?;
            Ok(format!("{name}=={version}"))
        };
        table.iter().map(pin).collect()
    }

    /// Version of the package with axe-core that the workspace pins, and the hash of what is taken from it.
    ///
    /// # Errors
    /// When the manifest lacks one.
    pub fn axe(&self) -> Result<(&str, &str)> {
        let text = |name| self.text(&["workspace", "metadata", "axe", name]);
        Ok((text("axe-playwright-python")?, text("sha256")?))
    }

    /// Version of the `wasm-bindgen` library, which its command must match exactly.
    ///
    /// # Errors
    /// When the manifest lacks it or names a range.
    pub fn wasm_bindgen_version(&self) -> Result<&str> {
        self.text(&["workspace", "dependencies", "wasm-bindgen"])?
            .strip_prefix('=')
            .context("Cargo.toml must pin wasm-bindgen with `=`")
    }

    /// Oldest Rust release that the workspace accepts, as `1.95`.
    ///
    /// # Errors
    /// When the manifest lacks it.
    pub fn rust_version(&self) -> Result<&str> {
        self.text(&["workspace", "package", "rust-version"])
    }

    /// The parsed workspace manifest.
    pub fn manifest(&self) -> &toml::Table {
        &self.manifest
    }

    /// Whether a package of this name is a member of the workspace.
    pub fn has_package(&self, name: &str) -> bool {
        self.packages().any(|package| package["name"] == name)
    }

    /// The workspace's packages as cargo describes them.
    pub fn packages(&self) -> impl Iterator<Item = &Value> {
        self.metadata["packages"].as_array().into_iter().flatten()
    }

    fn text(&self, keys: &[&str]) -> Result<&str> {
        let start = keys.split_first().and_then(|(first, rest)| Some((self.manifest.get(*first)?, rest)));
        start
            .and_then(|(value, rest)| rest.iter().try_fold(value, |value, key| value.get(*key)))
            .and_then(toml::Value::as_str)
            .with_context(|| format!("Cargo.toml has no text at {}", keys.join(".")))
    }
}

/// Where this user's caches live: `$XDG_CACHE_HOME/hotstuff` or `~/.cache/hotstuff`.
///
/// # Errors
/// When neither `XDG_CACHE_HOME` nor `HOME` is set.
pub fn cache_folder() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".cache")))
        .map(|caches| caches.join("hotstuff"))
        .context("no folder for caches: set HOME or XDG_CACHE_HOME")
}

/// Whether this is a continuous-integration run, where nothing may be left out silently.
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}
