//! The rules of this repository that no other tool checks. Each file here is one rule: a function
//! from what it looks at to the problems it finds.

mod imports;
mod links;
mod lints;
mod paths;
mod sizes;
mod versions;

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::process::{capture, command};
use crate::project::Project;

/// A text file of the project.
struct Text {
    /// Its path from the root, with `/` between the parts.
    path: String,
    content: String,
}

/// Every problem found in the files that git tracks or would track.
///
/// # Errors
/// When git or a file cannot be read.
pub fn check(project: &Project) -> Result<Vec<String>> {
    let texts = texts(&project.root)?;
    let places = paths::Places::of_this_machine(&project.root);
    let tools = versions::named(project)?;
    let mut problems = Vec::new();
    for text in &texts {
        problems.extend(sizes::check(text));
        problems.extend(paths::check(text, &places));
        problems.extend(links::check(text, &|path| project.root.join(path).exists()));
        problems.extend(versions::check(text, &tools));
    }
    problems.extend(versions::check_images(&texts, project.rust_version()?));
    problems.extend(imports::check(&imports::of_workspace(project)));
    problems.extend(lints::check(project)?);
    Ok(problems)
}

fn texts(root: &Path) -> Result<Vec<Text>> {
    let mut git = command("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let names = capture(&mut git).context("the tidy check asks git for the project's files")?;
    let mut texts = Vec::new();
    for path in names.split('\0').filter(|path| !path.is_empty()) {
        match std::fs::read(root.join(path)) {
            // What is not UTF-8 is an image or the like.
            Ok(bytes) => {
                if let Ok(content) = String::from_utf8(bytes) {
                    texts.push(Text { path: path.to_owned(), content });
                }
            }
            // Deleted but not committed yet, or a link to a folder.
            Err(_) => continue,
        }
    }
    Ok(texts)
}

impl Text {
    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    fn numbered_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.content.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

#[cfg(test)]
fn sample(path: &str, content: &str) -> Text {
    Text { path: path.to_owned(), content: content.to_owned() }
}
