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

/// What its tests may use besides.
const ALLOWED_IN_TESTS: [(&str, &[&str]); 1] = [("hotstuff-replica", &["hotstuff-sim"])];

/// A package and what it uses of the workspace.
pub(super) struct Package {
    name: String,
    uses: Vec<Use>,
}

struct Use {
    name: String,
    /// In tests alone, and in no build script either.
    in_tests: bool,
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
                .map(|dependency| Use {
                    name: text(&dependency["name"]),
                    in_tests: dependency["kind"] == "dev",
                })
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
        let in_tests = ALLOWED_IN_TESTS.iter().filter(|(known, _)| known == name);
        let in_tests: Vec<&str> = in_tests.flat_map(|(_, uses)| *uses).copied().collect();
        let is_allowed = |used: &&Use| {
            allowed.contains(&&*used.name) || (used.in_tests && in_tests.contains(&&*used.name))
        };
        for Use { name: used, .. } in uses.iter().filter(|used| !is_allowed(used)) {
            problems.push(format!("{name} imports {used}, which ARCHITECTURE.md does not allow"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, uses: &[&str]) -> Package {
        let uses = uses.iter().map(|&used| Use { name: used.to_owned(), in_tests: false }).collect();
        Package { name: name.into(), uses }
    }

    #[test]
    fn layers_may_only_look_down() {
        assert!(check(&[package("hotstuff-sim", &["hotstuff-core", "hotstuff-kv"])]).is_empty());
        assert_eq!(check(&[package("hotstuff-core", &["hotstuff-sim"])]).len(), 1);
        assert_eq!(check(&[package("hotstuff-sim", &["hotstuff-replica"])]).len(), 1);
        assert_eq!(check(&[package("xtask", &["hotstuff-core"])]).len(), 1);
    }

    #[test]
    fn tests_may_use_more_than_what_they_test() {
        let uses = |in_tests| vec![Use { name: "hotstuff-sim".into(), in_tests }];
        let replica = |in_tests| Package { name: "hotstuff-replica".into(), uses: uses(in_tests) };
        let core = Package { name: "hotstuff-core".into(), uses: uses(true) };
        assert!(check(&[replica(true)]).is_empty());
        assert_eq!(check(&[replica(false)]).len(), 1);
        assert_eq!(check(&[core]).len(), 1);
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
