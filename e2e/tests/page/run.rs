//! How far a run in the sandbox has come.

use anyhow::Result;
use hotstuff_e2e::Page;
use serde::Deserialize;

/// What the page says of its run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Run {
    pub hash: String,
    pub steps: u64,
    pub time_us: u64,
}

impl Run {
    /// Reads it off the page.
    pub async fn of(page: &Page) -> Result<Self> {
        page.until("it stands", "t('transport').dataset.busy === 'false'").await?;
        let read = "(({ hash, steps, timeUs }) => ({ hash, steps: Number(steps), time_us: Number(timeUs) }))
            (t('trace-hash').dataset)";
        Ok(serde_json::from_value(page.eval(read).await?)?)
    }
}

/// Takes single steps until the run has taken `steps`, as fast as the page shows them.
pub async fn step_to(page: &Page, steps: u64) -> Result<Run> {
    loop {
        let run = Run::of(page).await?;
        if run.steps >= steps {
            assert_eq!(run.steps, steps, "a step is one step");
            return Ok(run);
        }
        page.click("step").await?;
        let next = format!("Number(t('trace-hash').dataset.steps) > {}", run.steps);
        page.until("a step is taken", &next).await?;
    }
}
