//! Who may import whom in the workspace.

use crate::project::Project;

/// What each package may use of the workspace. A package that is not here has no place yet.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("hotstuff-core", &[]),
    ("hotstuff-kv", &["hotstuff-core"]),
    ("hotstuff-sim", &["hotstuff-core", "hotstuff-kv"]),
    ("hotstuff-replica", &["hotstuff-core", "hotstuff-kv"]),
    ("hotstuff-web", &["hotstuff-core", "hotstuff-kv", "hotstuff-sim"]),
    ("hotstuff-e2e", &["hotstuff-core", "hotstuff-kv", "hotstuff-sim"]),
    ("hotstuff-fuzz", &["hotstuff-core", "hotstuff-kv"]),
    ("xtask", &[]),
];

/// A package and what it uses of the workspace, in tests and build scripts too.
pub(super) struct Package {
    name: String,
    uses: Vec<String>,
}

/// Reads the workspace's packages from cargo's answer.
pub(super) fn of_workspace(project: &Project) -> Vec<Package> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    project
        .packages()
        .map(|package| Package {
            name: text(&package["name"]),
            uses: package["dependencies"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|dependency| !dependency["path"].is_null())
                .map(|dependency| text(&dependency["name"]))
                .collect(),
        })
        .collect()
}

/// Finds packages without a rule, and uses that the rules do not allow.
pub(super) fn check(packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    for Package { name, uses } in packages {
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| known == name) else {
            problems.push(format!("{name}: the tidy check has no rule for what it may import"));
            continue;
        };
        for used in uses.iter().filter(|used| !allowed.contains(&used.as_str())) {
            problems.push(format!("{name} imports {used}, which ARCHITECTURE.md does not allow"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, uses: &[&str]) -> Package {
        Package { name: name.into(), uses: uses.iter().map(|&used| used.to_owned()).collect() }
    }

    #[test]
    fn layers_may_only_look_down() {
        assert!(check(&[package("hotstuff-sim", &["hotstuff-core", "hotstuff-kv"])]).is_empty());
        assert_eq!(check(&[package("hotstuff-core", &["hotstuff-sim"])]).len(), 1);
        assert_eq!(check(&[package("hotstuff-sim", &["hotstuff-replica"])]).len(), 1);
        assert_eq!(check(&[package("xtask", &["hotstuff-core"])]).len(), 1);
    }

    #[test]
    fn a_new_package_needs_a_rule() {
        assert!(check(&[package("hotstuff-extra", &[])])[0].contains("no rule"));
    }

    #[test]
    fn nothing_imports_the_ends() {
        let ends = ["hotstuff-replica", "hotstuff-web"];
        assert!(ALLOWED.iter().all(|(_, uses)| ends.iter().all(|end| !uses.contains(end))));
    }
}
