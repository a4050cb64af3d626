//! What the tests are told by whoever starts them.

use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};

/// The release binary with the page in it.
///
/// # Errors
/// When `HOTSTUFF_BIN` does not name a file.
pub fn program() -> Result<PathBuf> {
    let program = variable("HOTSTUFF_BIN")
        .context("HOTSTUFF_BIN is not set: these tests are run by `cargo xtask test --only browser`")?;
    ensure!(program.is_file(), "HOTSTUFF_BIN: there is no file {}", program.display());
    Ok(program)
}

/// The folder of the built page.
///
/// # Errors
/// When there is no page in it.
pub fn built_page() -> Result<PathBuf> {
    let page = match variable("HOTSTUFF_PAGE") {
        Some(page) => page,
        None => target(&program()?)?.join("page"),
    };
    ensure!(page.join("index.html").is_file(), "{} holds no page: HOTSTUFF_PAGE names one", page.display());
    Ok(page)
}

/// The file of axe-core.
pub(crate) fn axe() -> Result<PathBuf> {
    variable("HOTSTUFF_AXE").context("HOTSTUFF_AXE is not set: `cargo xtask test --only browser` sets it")
}

/// Where screenshots go.
pub(crate) fn screenshots() -> Result<PathBuf> {
    let folder = match variable("HOTSTUFF_SCREENSHOTS") {
        Some(folder) => folder,
        None => target(&program()?)?.join("screenshots"),
    };
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}

/// Where the README's pictures are, if they are to be made anew.
pub(crate) fn images() -> Result<Option<PathBuf>> {
    if variable("HOTSTUFF_UPDATE_IMAGES").is_none() {
        return Ok(None);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(Some(folder))
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The target folder in which `program` lies as `release/hotstuff`.
fn target(program: &Path) -> Result<&Path> {
    program.parent().and_then(Path::parent).context("the binary is in no target folder")
}
