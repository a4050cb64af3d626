//! The page in headless Chromium. `cargo xtask test --only browser` builds what is needed first.

mod accessibility;
mod controls;
mod determinism;
mod faults;
mod harness;
mod harness_use;
mod keyboard;
mod layout;
mod links;
mod live;
mod memory;
mod offline;
mod policy;
mod run;
mod run_files;
mod sandbox;
mod scenarios;
mod travel;
mod unreachable;

use anyhow::Result;
use hotstuff_e2e::{Demo, FileServer, Page, built_page, with_page};

/// Runs `test` in a browser of its own, beside a cluster whose first replica serves the page.
async fn beside_a_cluster(name: &str, test: impl AsyncFnOnce(&Page, &mut Demo) -> Result<()>) -> Result<()> {
    let mut demo = Demo::start()?;
    with_page(name, async |page| test(page, &mut demo).await).await
}

/// Runs `test` in a browser of its own, with the page on a plain host of files. Its links begin
/// with `/#`.
async fn on_a_plain_host(name: &str, test: impl AsyncFnOnce(&Page, &FileServer) -> Result<()>) -> Result<()> {
    let server = FileServer::of_folder(&built_page()?, "").await?;
    with_page(name, async |page| test(page, &server).await).await
}
