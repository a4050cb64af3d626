//! How large the page's programs are, and may be.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::{compress, list};

/// Bytes with gzip of the program that the document starts.
const PAGE_BUDGET: usize = 450_000;
/// Bytes with gzip of each program that a worker starts.
const WORKER_BUDGET: usize = 300_000;
/// The sandbox's worker holds the whole simulator with all its checkers, and is above its budget (docs/testing.md says
/// of what it is made). Until it is within, it may not grow beyond this.
const WORKER_LIMIT: usize = 475_000;

/// A program of the page.
#[derive(Debug, PartialEq, Eq)]
pub struct Size {
    name: String,
    gzip: usize,
    budget: usize,
    /// Above this it is an error.
    limit: usize,
}

impl Size {
    fn is_within(&self) -> bool {
        self.gzip <= self.budget
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kilobytes = |bytes: usize| bytes as f64 / 1_000.0;
        let (size, budget) = (kilobytes(self.gzip), kilobytes(self.budget));
        let above = match () {
            () if self.gzip > self.limit => ": too large",
            () if self.is_within() => "",
            () => ": above its budget",
        };
        write!(f, "{} {size:.1} kB with gzip, of {budget:.0} kB{above}", self.name)
    }
}

/// The programs of the page, in the order of their names.
///
/// # Errors
/// When one cannot be read, or there is none.
pub fn measure(page: &Path) -> Result<Vec<Size>> {
    let document = std::fs::read_to_string(page.join("index.html")).context("index.html")?;
    let mut sizes = Vec::new();
    for name in list(page)?.into_iter().filter(|name| name.ends_with(".wasm")) {
        let gzip = compress::gzip(&std::fs::read(page.join(&name)).with_context(|| name.clone())?)?.len();
        let is_page = document.contains(&name);
        let (budget, limit) =
            if is_page { (PAGE_BUDGET, PAGE_BUDGET) } else { (WORKER_BUDGET, WORKER_LIMIT) };
        sizes.push(Size { name, gzip, budget, limit });
    }
    if sizes.is_empty() {
        bail!("the page has no wasm");
    }
    Ok(sizes)
}

/// # Errors
/// When a program is larger than it may be.
pub fn check(sizes: &[Size]) -> Result<()> {
    let above: Vec<_> = sizes.iter().filter(|size| size.gzip > size.limit).map(Size::to_string).collect();
    if !above.is_empty() {
        bail!("{}", above.join("; "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_document_names_is_the_page_and_all_else_are_workers() {
        let page = std::env::temp_dir().join(format!("xtask-page-sizes-{}", std::process::id()));
        std::fs::create_dir_all(&page).unwrap();
        std::fs::write(page.join("index.html"), "<link href=\"./page_bg.wasm\">").unwrap();
        std::fs::write(page.join("page_bg.wasm"), "page").unwrap();
        std::fs::write(page.join("worker_bg.wasm"), "worker").unwrap();
        let sizes = measure(&page).unwrap();
        let budgets: Vec<_> = sizes.iter().map(|size| (&*size.name, size.budget)).collect();
        assert_eq!(budgets, [("page_bg.wasm", PAGE_BUDGET), ("worker_bg.wasm", WORKER_BUDGET)]);
        check(&sizes).unwrap();
        std::fs::remove_dir_all(&page).unwrap();
    }

    #[test]
    fn one_byte_above_is_too_large() {
        let size = |gzip| Size { name: "a.wasm".into(), gzip, budget: 200_000, limit: 300_000 };
        check(&[size(300_000)]).unwrap();
        let error = check(&[size(1), size(300_001)]).unwrap_err().to_string();
        assert_eq!(error, "a.wasm 300.0 kB with gzip, of 200 kB: too large");
        assert_eq!(size(250_000).to_string(), "a.wasm 250.0 kB with gzip, of 200 kB: above its budget");
    }
}
