//! Relative links of the Markdown pages lead somewhere.

use std::path::{Component, Path, PathBuf};

use super::Text;

/// Finds links to files that `exists` does not know; it is asked with paths from the root.
pub(super) fn check(text: &Text, exists: &dyn Fn(&Path) -> bool) -> Vec<String> {
    if !text.has_extension("md") {
        return Vec::new();
    }
    let folder = Path::new(&text.path).parent().unwrap_or(Path::new(""));
    let mut problems = Vec::new();
    let mut in_code = false;
    for (number, line) in text.numbered_lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            for target in targets(line) {
                let file = target.split(['#', '?']).next().unwrap_or_default();
                if is_relative(target) && !normal(folder, file).is_some_and(|path| exists(&path)) {
                    let at = &text.path;
                    problems.push(format!("{at}:{number}: the link to {target} leads nowhere"));
                }
            }
        }
    }
    problems
}

/// What stands in the brackets of `[text](target)` and `[name]: target`, outside `code`.
fn targets(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    if let Some((_, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
        found.push(target.trim());
    }
    // Every second piece between backticks is code.
    let pieces: Vec<&str> = line.split('`').collect();
    for (index, piece) in pieces.iter().enumerate() {
        if index % 2 == 1 {
            continue;
        }
        for (start, _) in piece.match_indices("](") {
            let rest = &piece[start + 2..];
            let end = rest.find([')', ' ']).unwrap_or(rest.len());
            found.push(&rest[..end]);
        }
    }
    found
}

fn is_relative(target: &str) -> bool {
    !target.is_empty() && !target.starts_with('#') && !target.contains(':') && target != "<>"
}

/// The path from the root, or nothing when it leads out of the project.
fn normal(folder: &Path, target: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::ParentDir if path.pop() => {}
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn problems(content: &str) -> usize {
        let known = ["docs/protocol.md", "README.md", "docs/pictures/page.png"];
        let exists = |path: &Path| known.iter().any(|file| Path::new(file) == path);
        check(&sample("docs/index.md", content), &exists).len()
    }

    #[test]
    fn links_to_files_that_exist_pass() {
        assert_eq!(problems("[a](protocol.md#safety) and [b](../README.md)"), 0);
        assert_eq!(problems("![a](pictures/page.png) [the `code`](protocol.md)"), 0);
        assert_eq!(problems("[web](https://example.org/x) [here](#there)"), 0);
        assert_eq!(problems("`[no](link.md)`\n```\n[none](here.md)\n```"), 0);
        assert_eq!(problems("[name]: protocol.md"), 0);
    }

    #[test]
    fn links_to_nothing_are_found() {
        assert_eq!(problems("[a](gone.md) [b](also/gone.md)"), 2);
        assert_eq!(problems("[the `code`](gone.md)"), 1);
        assert_eq!(problems("[out](../../elsewhere.md)"), 1);
        assert_eq!(problems("[name]: gone.md"), 1);
    }
}
