//! The page by the rules of WCAG 2.2, A and AA, in each state that a visitor may meet, light and dark.

use crate::links::violated;
use crate::{beside_a_cluster, on_a_plain_host};
use anyhow::{Result, ensure};
use hotstuff_e2e::{Page, Scheme, Violation};

const PAUSED: &str = "/#/s/sandbox?v=1&seed=7&n=4&speed=0.1&play=0";

/// What breaks a rule, each with the state of the page in which it does.
#[derive(Default)]
struct Found(Vec<(String, Violation)>);

impl Found {
    /// Looks at the page as it is, in both colours.
    async fn look(&mut self, page: &Page, state: &str) -> Result<()> {
        for scheme in [Scheme::Light, Scheme::Dark] {
            page.prefer(scheme, false).await?;
            // Colours may still be on their way from one to the other.
            page.frames(2).await?;
            let state = format!("{state}, {}", scheme.word());
            let violations = page.accessibility_violations().await?;
            self.0.extend(violations.into_iter().map(|violation| (state.clone(), violation)));
        }
        Ok(())
    }

    /// Fails the test with all that was found.
    fn is_nothing(&self) -> Result<()> {
        let lines: Vec<String> =
            self.0.iter().map(|(state, violation)| format!("{state}: {violation}")).collect();
        ensure!(lines.is_empty(), "{} violations:\n{}", lines.len(), lines.join("\n"));
        Ok(())
    }
}

#[tokio::test]
async fn the_sandbox_is_accessible() -> Result<()> {
    on_a_plain_host("accessible-sandbox", async |page, server| {
        let mut found = Found::default();
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&speed=0.1&play=1")).await?;
        page.until("it plays", "Number(t('committed-height').textContent) > 0").await?;
        found.look(page, "playing").await?;

        page.open(&server.url(PAUSED)).await?;
        page.click("step-commit").await?;
        page.until("a block is committed", "t('committed-height').textContent === '1'").await?;
        page.click("kill-2").await?;
        page.until_rows("it is down", |rows| !rows[2].up).await?;
        page.click("select-2").await?;
        page.until("it is selected", "t('inspector').dataset.replica === '2'").await?;
        page.enter("command-input", "nonsense").await?;
        page.until("it is told so", "t('command-result').dataset.state === 'failed'").await?;
        found.look(page, "paused, a replica killed").await?;

        page.click("help").await?;
        page.until("help is shown", "t('help-dialog')").await?;
        found.look(page, "help").await?;
        found.is_nothing()
    })
    .await
}

#[tokio::test]
async fn each_tab_of_a_narrow_window_is_accessible() -> Result<()> {
    on_a_plain_host("accessible-tabs", async |page, server| {
        let mut found = Found::default();
        page.resize(390, 844).await?;
        page.open(&server.url(PAUSED)).await?;
        page.click("step-commit").await?;
        page.until("a block is committed", "t('committed-height').textContent === '1'").await?;
        for tab in tabs(page).await? {
            page.click(&tab).await?;
            page.until(
                "it is chosen",
                &format!("t('{tab}').matches('[aria-pressed=true], [aria-selected=true]')"),
            )
            .await?;
            found.look(page, &tab).await?;
        }
        found.is_nothing()
    })
    .await
}

/// The test ids of the tabs.
pub async fn tabs(page: &Page) -> Result<Vec<String>> {
    let read = "[...document.querySelectorAll('[data-testid^=\"tab-\"]')].map(tab => tab.dataset.testid)";
    let tabs: Vec<String> = serde_json::from_value(page.eval(read).await?)?;
    assert!(tabs.len() > 1, "{tabs:?}");
    Ok(tabs)
}

#[tokio::test]
async fn what_goes_wrong_is_told_accessibly() -> Result<()> {
    on_a_plain_host("accessible-trouble", async |page, server| {
        let mut found = Found::default();
        page.open(&server.url("/#/s/sandbox?v=1&seed=x&n=99&play=0&colour=blue")).await?;
        page.until("the link is not wholly valid", "t('link-problems')").await?;
        found.look(page, "link problems").await?;

        let link = format!("/#/s/run?v=1&speed=10&play=1&p={}", violated().0.to_code());
        page.open(&server.url(&link)).await?;
        page.until("the run is frozen", "t('invariants').dataset.state === 'violated'").await?;
        found.look(page, "a violation").await?;

        // Chromium itself tells of an answer that is none.
        page.announce("/committee - Failed to load resource");
        page.open(&server.url("/#/live")).await?;
        page.until("it is out of reach", "t('live-unreachable')").await?;
        found.look(page, "live, unreachable").await?;
        found.is_nothing()
    })
    .await
}

#[tokio::test]
async fn the_live_view_is_accessible() -> Result<()> {
    beside_a_cluster("accessible-live", async |page, demo| {
        let mut found = Found::default();
        page.open(&demo.url("#/live")).await?;
        page.until("all are seen", "t('live-state').dataset.state === 'live'").await?;
        page.click("select-0").await?;
        page.enter("command-input", "set key value").await?;
        page.until("it is answered", "t('command-result').dataset.state === 'done'").await?;
        found.look(page, "live").await?;
        found.is_nothing()
    })
    .await
}
