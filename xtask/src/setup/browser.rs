//! Chromium and its driver, for the tests of the page.

use anyhow::Result;

use super::packages;
use crate::console::Console;
use crate::process::find;

const PACKAGES: [&str; 3] = ["chromium", "chromium-driver", "fonts-dejavu-core"];

/// Makes sure that `chromedriver` can be started.
///
/// # Errors
/// When it is missing and cannot be installed; the error says what to install.
pub fn ensure(console: &Console) -> Result<()> {
    if let Some(driver) = find("chromedriver") {
        console.say(format!("set-up: browser: using {}", driver.display()));
        return Ok(());
    }
    packages::install(console, &PACKAGES, "the browser tests")?;
    console.say("set-up: browser: installed");
    Ok(())
}
