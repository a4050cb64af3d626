//! The version of a tool is named once, in the workspace's `Cargo.toml`.

use anyhow::Result;

use super::Text;
use crate::project::Project;

/// A pinned tool.
pub(super) struct Tool {
    name: &'static str,
    version: String,
}

/// The tools that the workspace pins.
///
/// # Errors
/// When the manifest lacks one.
pub(super) fn named(project: &Project) -> Result<Vec<Tool>> {
    Ok(vec![
        Tool { name: "trunk", version: project.trunk_version()?.to_owned() },
        Tool { name: "wasm-bindgen", version: project.wasm_bindgen_version()?.to_owned() },
        Tool { name: "kubernetes-validate", version: project.kubernetes_validate_version()?.to_owned() },
        Tool { name: "axe-playwright-python", version: project.axe()?.0.to_owned() },
    ])
}

/// Finds a tool's version in any other file. A lock file follows; a change log tells history.
pub(super) fn check(text: &Text, tools: &[Tool]) -> Vec<String> {
    if matches!(text.path.as_str(), "Cargo.toml" | "Cargo.lock" | "CHANGELOG.md") {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for (number, line) in text.numbered_lines() {
        for Tool { name, .. } in tools.iter().filter(|tool| line.contains(&tool.version)) {
            problems.push(format!(
                "{}:{number}: names the version of {name}, which only Cargo.toml does",
                text.path
            ));
        }
    }
    problems
}

/// Finds a Rust image or a pinned toolchain of another release than the workspace asks for, and an
/// image that is named twice.
pub(super) fn check_images(texts: &[Text], rust_version: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut images = 0;
    for text in texts.iter().filter(|text| !text.has_extension("rs")) {
        for (number, line) in text.numbered_lines() {
            let at = format!("{}:{number}", text.path);
            if text.path == "rust-toolchain.toml"
                && let Some(channel) = line.strip_prefix("channel = ")
                && !is_release(channel.trim_matches('"'), rust_version)
            {
                problems.push(format!("{at}: Cargo.toml asks for Rust {rust_version}"));
            }
            for (index, _) in line.match_indices("rust:") {
                let tag = &line[index + "rust:".len()..];
                if !tag.starts_with(|c: char| c.is_ascii_digit()) {
                    continue;
                }
                images += 1;
                if !is_release(tag, rust_version) {
                    problems.push(format!("{at}: Cargo.toml asks for Rust {rust_version}"));
                }
                if images > 1 {
                    problems.push(format!("{at}: the Rust image is named more than once"));
                }
            }
        }
    }
    problems
}

fn is_release(found: &str, rust_version: &str) -> bool {
    found.strip_prefix(rust_version).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_version_elsewhere_is_found() {
        let tools = [Tool { name: "trunk", version: "9.8.7".into() }];
        assert!(check(&sample("README.md", "needs trunk"), &tools).is_empty());
        assert!(check(&sample("Cargo.toml", "trunk = \"9.8.7\""), &tools).is_empty());
        let problems = check(&sample("README.md", "first\ntrunk 9.8.7"), &tools);
        assert!(problems[0].starts_with("README.md:2"));
    }

    #[test]
    fn every_rust_is_the_same_release() {
        let image = |tag: &str| sample("Dockerfile", &format!("FROM rust{tag}"));
        assert!(check_images(&[image(":1.95-bookworm")], "1.95").is_empty());
        assert_eq!(check_images(&[image(":1.9-bookworm")], "1.95").len(), 1);
        assert_eq!(check_images(&[image(":1.95"), image(":1.95")], "1.95").len(), 1);
        let toolchain = |line: &str| sample("rust-toolchain.toml", line);
        assert!(check_images(&[toolchain("channel = \"1.95.0\"")], "1.95").is_empty());
        assert_eq!(check_images(&[toolchain("channel = \"1.94.0\"")], "1.95").len(), 1);
    }
}
