//! `unsafe` is forbidden once, in the workspace, and every package takes the workspace's lints.

use anyhow::{Context as _, Result};

use crate::project::Project;

/// Finds a workspace that allows `unsafe` and packages that do not take its lints.
///
/// # Errors
/// When a manifest cannot be read.
pub(super) fn check(project: &Project) -> Result<Vec<String>> {
    let mut problems: Vec<String> = check_workspace(project.manifest()).into_iter().collect();
    for package in project.packages() {
        let path = package["manifest_path"].as_str().context("a package without a manifest")?;
        let manifest = std::fs::read_to_string(path).with_context(|| path.to_owned())?;
        let manifest: toml::Table = manifest.parse().with_context(|| path.to_owned())?;
        problems.extend(check_package(package["name"].as_str().unwrap_or_default(), &manifest));
    }
    Ok(problems)
}

fn check_workspace(manifest: &toml::Table) -> Option<String> {
    let level = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("lints")?.get("rust")?.get("unsafe_code")?.as_str());
    (level != Some("forbid")).then(|| "Cargo.toml: the workspace must forbid unsafe_code".to_owned())
}

fn check_package(name: &str, manifest: &toml::Table) -> Option<String> {
    let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
    (inherits != Some(true)).then(|| format!("{name}: its manifest needs `[lints] workspace = true`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> toml::Table {
        text.parse().unwrap()
    }

    #[test]
    fn unsafe_must_be_forbidden_everywhere() {
        let forbids = parse("[workspace.lints.rust]\nunsafe_code = \"forbid\"");
        assert_eq!(check_workspace(&forbids), None);
        let denies = parse("[workspace.lints.rust]\nunsafe_code = \"deny\"");
        assert!(check_workspace(&denies).is_some());
        assert!(check_workspace(&parse("[workspace]")).is_some());
        assert_eq!(check_package("a", &parse("[lints]\nworkspace = true")), None);
        assert!(check_package("a", &parse("[package]\nname = \"a\"")).is_some());
    }
}
