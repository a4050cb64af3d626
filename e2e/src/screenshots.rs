//! Pictures of the page, kept for whoever wants to see what the tests saw.

use crate::environment;
use crate::page::Page;
use anyhow::{Context as _, Result};
use data_encoding::BASE64;
use serde_json::json;
use std::path::Path;

impl Page {
    /// Keeps a picture of what is in view, as `<name>.png`.
    ///
    /// # Errors
    /// When there is no picture or no place for it.
    pub async fn screenshot(&self, name: &str) -> Result<()> {
        self.picture(&environment::screenshots()?.join(format!("{name}.png")), false).await
    }

    /// Keeps a picture of all of the page, also of what is below the fold, as `<name>.png`.
    ///
    /// # Errors
    /// When there is no picture or no place for it.
    pub async fn whole_screenshot(&self, name: &str) -> Result<()> {
        self.picture(&environment::screenshots()?.join(format!("{name}.png")), true).await
    }

    /// Makes a picture for the documentation, if they are to be made anew.
    ///
    /// # Errors
    /// When there is no picture or no place for it.
    pub async fn image(&self, name: &str) -> Result<()> {
        match environment::images()? {
            Some(folder) => self.picture(&folder.join(format!("{name}.png")), false).await,
            None => Ok(()),
        }
    }

    async fn picture(&self, path: &Path, whole: bool) -> Result<()> {
        // Two frames, so that what was last changed is painted.
        self.frames(2).await?;
        let parameters = json!({ "format": "png", "captureBeyondViewport": whole });
        let answer = self.devtools("Page.captureScreenshot", &parameters).await?;
        let data = answer["data"].as_str().context("a screenshot holds data")?;
        let picture = BASE64.decode(data.as_bytes()).context("a screenshot is base64")?;
        std::fs::write(path, picture).with_context(|| path.display().to_string())
    }
}
