//! No path of one person's machine in a file that everybody reads.

use std::path::Path;

use super::Text;

/// Beginnings of paths that exist on one machine only.
pub(super) struct Places(Vec<String>);

impl Places {
    /// Home folders anywhere, and this checkout and the folder around it.
    pub(super) fn of_this_machine(root: &Path) -> Self {
        // Put together here, so that this file does not hold what it looks for.
        let mut places: Vec<String> =
            ["home", "Users", "root"].iter().map(|name| format!("/{name}/")).collect();
        places.push(root.display().to_string());
        let around = root.parent().map(|around| format!("{}/", around.display()));
        // Every machine has a folder for what is temporary, and some check projects out there.
        let is_everywhere = root.parent() == Some(&std::env::temp_dir());
        places.extend(around.filter(|around| around.len() > 2 && !is_everywhere));
        Self(places)
    }
}

/// Finds absolute paths below one of the places.
pub(super) fn check(text: &Text, places: &Places) -> Vec<String> {
    let finds = |line: &str| places.0.iter().any(|place| holds_path(line, place));
    text.numbered_lines()
        .filter(|(_, line)| finds(line))
        .map(|(number, line)| format!("{}:{number}: a path of one machine: {}", text.path, line.trim()))
        .collect()
}

/// Whether an absolute path begins like this; `a/home/b` is a relative one.
fn holds_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(index, _)| {
        let before = line[..index].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~*}$/".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn problems(line: &str) -> usize {
        let places = Places::of_this_machine(Path::new("/srv/checkouts/hotstuff"));
        check(&sample("README.md", line), &places).len()
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        assert_eq!(problems(&format!("see /{}/ann/notes", "home")), 1);
        assert_eq!(problems(&format!("`/{}/ann`", "Users")), 1);
        assert_eq!(problems("cd /srv/checkouts/hotstuff"), 1);
        assert_eq!(problems("cd /srv/checkouts/other"), 1);
    }

    #[test]
    fn paths_that_mean_the_same_everywhere_pass() {
        assert_eq!(problems("core/src/lib.rs /etc/hotstuff /data ~/.cache"), 0);
        assert_eq!(problems(&format!("docs/{}/page.md https://example.org/{0}/x", "home")), 0);
    }
}
