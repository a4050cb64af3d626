//! Files that one can read in one go.

use super::Text;

const RUST_LINES_MAX: usize = 400;
const ARCHITECTURE_LINES_MAX: usize = 250;

/// Finds Rust files and an architecture page above their limits.
pub(super) fn check(text: &Text) -> Option<String> {
    let max = match text.path.as_str() {
        "ARCHITECTURE.md" => ARCHITECTURE_LINES_MAX,
        _ if text.has_extension("rs") => RUST_LINES_MAX,
        _ => return None,
    };
    let lines = text.content.lines().count();
    (lines > max).then(|| format!("{}: {lines} lines, at most {max} are allowed", text.path))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn long_files_are_found() {
        assert_eq!(check(&sample("core/src/a.rs", &"x\n".repeat(400))), None);
        let problem = check(&sample("core/src/a.rs", &"x\n".repeat(401))).unwrap();
        assert!(problem.contains("401"));
        assert_eq!(check(&sample("docs/long.md", &"x\n".repeat(900))), None);
        assert!(check(&sample("ARCHITECTURE.md", &"x\n".repeat(251))).is_some());
        assert_eq!(check(&sample("ARCHITECTURE.md", &"x\n".repeat(250))), None);
    }
}
