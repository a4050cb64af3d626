//! A browser for one test.

use crate::page::Page;
use crate::process::Group;
use anyhow::{Context as _, Result, ensure};
use fantoccini::{Client, ClientBuilder};
use futures_util::FutureExt as _;
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::Signal;
use serde_json::json;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const FLAGS: [&str; 14] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-pings",
    "--force-color-profile=srgb",
    "--window-size=1440,900",
    // It reaches this machine and nothing else.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// How often its driver may meet a port that somebody has.
const ATTEMPTS: u32 = 5;

struct Browser {
    client: Client,
    // Dropped in this order: the profile goes when the browser has ended.
    _driver: Group,
    _profile: TempDir,
}

impl Browser {
    async fn start() -> Result<Self> {
        let profile = TempDir::new().context("a folder for the browser's profile")?;
        // It takes a port for IPv6 first, and ends if the same one is not free for IPv4.
        let (driver, port) =
            (1..ATTEMPTS).find_map(|_| drive(&profile).ok()).map_or_else(|| drive(&profile), Ok)?;
        let mut flags: Vec<String> = FLAGS.map(String::from).into();
        flags.push(format!("--user-data-dir={}", profile.path().join("profile").display()));
        let capabilities = json!({
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().context("that is an object")?.clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .context("Chromium does not start")?;
        Ok(Self { client, _driver: driver, _profile: profile })
    }
}

/// Starts a driver, and tells its port.
fn drive(profile: &TempDir) -> Result<(Group, String)> {
    let mut driver = Command::new("chromedriver");
    driver.arg("--port=0").stderr(Stdio::null()).env("TMPDIR", profile.path());
    let driver = Group::start(driver, Signal::TERM)
        .context("`cargo xtask setup --only browser` installs Chromium and its driver")?;
    let line = driver.line_with("was started successfully on port")?;
    let port = line.trim_end_matches('.').rsplit(' ').next().unwrap_or_default().to_owned();
    Ok((driver, port))
}

/// Runs `test` in a browser of its own. In the end the console must hold no error but
/// those that the test announced. When the test fails, a screenshot `failed-<name>` and the
/// console's lines are left behind.
///
/// # Errors
/// The test's, the console's, or the browser's.
pub async fn with_page(name: &str, test: impl AsyncFnOnce(&Page) -> Result<()>) -> Result<()> {
    let browser = Browser::start().await?;
    let page = Page::new(browser.client.clone()).await?;
    let outcome = AssertUnwindSafe(test(&page)).catch_unwind().await;
    let errors = page.console_errors().await;
    if !matches!(outcome, Ok(Ok(()))) {
        // The test's own failure is what counts; these are for whoever looks into it.
        let _ = page.screenshot(&format!("failed-{name}")).await;
        for error in errors.iter().flatten() {
            eprintln!("console: {error}");
        }
    }
    drop(page);
    let closed = browser.client.clone().close().await;
    match outcome {
        Ok(result) => result?,
        Err(panic) => resume_unwind(panic),
    }
    let errors = errors?;
    ensure!(errors.is_empty(), "the console holds: {errors:#?}");
    closed.context("the browser does not close")
}
