//! The page's service worker, told which files there are.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use super::{hex, list};

/// Its name never changes: browsers look there for a newer one.
const NAME: &str = "offline.js";

/// Writes the worker, `source` with the names and hashes of all files of the page in front.
///
/// # Errors
/// When a file cannot be read, or the worker not be written.
pub(super) fn write(page: &Path, source: &Path) -> Result<()> {
    let source = std::fs::read_to_string(source).with_context(|| source.display().to_string())?;
    let mut files = BTreeMap::new();
    for file in list(page)? {
        let content = std::fs::read(page.join(&file)).with_context(|| file.clone())?;
        files.insert(file, format!("sha256-{}", BASE64.encode(&Sha256::digest(content))));
    }
    files.remove(NAME);
    std::fs::write(page.join(NAME), worker(&source, &files)?).context(NAME)
}

fn worker(source: &str, files: &BTreeMap<String, String>) -> Result<String> {
    let list = serde_json::to_string_pretty(files)?;
    let build = &hex(&Sha256::digest(&list))[..16];
    Ok(format!("const BUILD = \"{build}\";\nconst FILES = {list};\n\n{source}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_of_any_file_makes_another_build() {
        let build = |files: &[(&str, &str)]| {
            let files = files.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned()));
            let worker = worker("addEventListener", &files.collect()).unwrap();
            worker.lines().next().unwrap().to_owned()
        };
        let first = build(&[("index.html", "1"), ("worker_bg.wasm", "2")]);
        assert_eq!(first, build(&[("worker_bg.wasm", "2"), ("index.html", "1")]));
        assert_ne!(first, build(&[("index.html", "1"), ("worker_bg.wasm", "3")]));
        assert_ne!(first, build(&[("index.html", "1"), ("worker.wasm", "2")]));
        assert_ne!(first, build(&[("index.html", "1")]));
    }
}
