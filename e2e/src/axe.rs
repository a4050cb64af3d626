//! What is not accessible, as axe-core finds it.

use crate::environment;
use crate::page::Page;
use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use std::fmt;

/// An element that does not keep one of the rules of WCAG 2.2, levels A and AA.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Violation {
    /// The rule's name, such as `color-contrast`.
    pub rule: String,
    /// What the rule asks for.
    pub help: String,
    /// A selector of the element.
    pub target: String,
    /// What would mend it.
    pub summary: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, help, target, summary } = self;
        write!(f, "{rule} ({help}) at {target}: {summary}")
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    rules: usize,
    #[serde(default)]
    violations: Vec<Violation>,
    error: Option<String>,
}

const RUN: &str = include_str!("axe.js");

impl Page {
    /// All that breaks a rule on the page as it is now.
    ///
    /// # Errors
    /// When axe-core is not there, or fails.
    pub async fn accessibility_violations(&self) -> Result<Vec<Violation>> {
        if self.eval("typeof window.axe !== 'object'").await? == true {
            let file = environment::axe()?;
            let source = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            // By the driver, which no policy of the page's keeps from running it.
            self.execute_with(&source, vec![]).await.context("axe-core")?;
        }
        let answer: Answer = serde_json::from_value(self.execute_async(RUN).await.context("axe-core")?)?;
        ensure!(answer.error.is_none(), "axe-core fails: {}", answer.error.unwrap_or_default());
        ensure!(answer.rules > 0, "axe-core has looked at nothing");
        Ok(answer.violations)
    }
}
