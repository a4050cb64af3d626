//! What the page's Content-Security-Policy has kept from happening.

use crate::page::Page;
use anyhow::Result;
use serde_json::json;

/// Runs before anything of a document does.
const WATCH: &str = "window.forbidden = [];
    addEventListener('securitypolicyviolation', event => {
        forbidden.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`);
    });";

impl Page {
    /// From the next document on, remembers what its policy forbids.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn watch_policy(&self) -> Result<()> {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WATCH })).await?;
        Ok(())
    }

    /// What the policy of the present document has forbidden so far: the directive, and what it was about.
    ///
    /// # Errors
    /// When nobody has watched.
    pub async fn forbidden(&self) -> Result<Vec<String>> {
        Ok(serde_json::from_value(self.eval("window.forbidden").await?)?)
    }
}
