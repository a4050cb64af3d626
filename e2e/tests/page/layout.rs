//! Where things are, at the sizes and in the colours that the page is held to.

use crate::{beside_a_cluster, on_a_plain_host};
use anyhow::Result;
use hotstuff_e2e::{Page, Problem, Scheme};

const SIZES: [(u32, u32); 3] = [(1440, 900), (768, 1024), (390, 844)];
const PANELS: [&str; 9] =
    ["transport", "network", "tree", "replicas", "inspector", "event-log", "invariants", "lesson", "legend"];

/// Where the window is narrow, panels are behind these.
const TABS: [&str; 4] = ["tab-picture", "tab-replicas", "tab-events", "tab-learn"];
const NARROW: u32 = 1_100;

/// Looks at the page in all sizes and colours, and keeps a picture of each.
async fn looks_right(page: &Page, name: &str, controls: &[&str]) -> Result<()> {
    let mut found = Vec::new();
    for scheme in [Scheme::Light, Scheme::Dark] {
        page.prefer(scheme, true).await?;
        let brightness = page.brightness().await?;
        match scheme {
            Scheme::Light => assert!(brightness > 200.0, "{brightness}"),
            Scheme::Dark => assert!(brightness < 60.0, "{brightness}"),
        }
        for (width, height) in SIZES {
            page.resize(width, height).await?;
            let title = format!("{name}-{width}-{}", scheme.word());
            if width >= NARROW {
                found.extend(problems(page, &title, controls, &PANELS).await?);
                continue;
            }
            for tab in TABS {
                page.click(tab).await?;
                let title = format!("{title}-{}", tab.trim_start_matches("tab-"));
                found.extend(problems(page, &title, &[controls, &TABS].concat(), &PANELS).await?);
            }
        }
    }
    assert_eq!(found, [] as [(String, Problem); 0]);
    Ok(())
}

async fn problems(
    page: &Page,
    title: &str,
    controls: &[&str],
    panels: &[&str],
) -> Result<Vec<(String, Problem)>> {
    page.screenshot(title).await?;
    let problems = page.layout_problems(controls, panels).await?;
    Ok(problems.into_iter().map(|problem| (title.to_owned(), problem)).collect())
}

#[tokio::test]
async fn the_sandbox_fits_all_windows() -> Result<()> {
    on_a_plain_host("sandbox-layout", async |page, server| {
        page.prefer(Scheme::Light, true).await?;
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&speed=0.1&play=0")).await?;
        for height in 1..=6 {
            page.click("step-commit").await?;
            let there = format!("Number(t('committed-height').textContent) === {height}");
            page.until("a block is committed", &there).await?;
        }
        page.click("select-0").await?;
        page.until("it is selected", "t('inspector').dataset.replica === '0'").await?;
        page.image("sandbox").await?;
        looks_right(
            page,
            "sandbox",
            &["source-sandbox", "source-live", "play", "step", "step-view", "step-commit"],
        )
        .await
    })
    .await
}

#[tokio::test]
async fn the_live_view_fits_all_windows() -> Result<()> {
    beside_a_cluster("live-layout", async |page, demo| {
        page.prefer(Scheme::Light, true).await?;
        page.open(&demo.url("#/live")).await?;
        page.until("all are seen", "t('live-state').dataset.state === 'live'").await?;
        for number in 0..6 {
            demo.client(&["set".into(), format!("key-{number}"), format!("value-{number}")]).await?;
        }
        page.until_events("executed", |events| events.len() >= 24).await?;
        page.enter("event-search", "").await?;
        page.enter("command-input", "get key-5").await?;
        page.until("it is answered", "t('command-result').dataset.state === 'done'").await?;
        page.click("select-0").await?;
        page.image("live").await?;
        looks_right(page, "live", &["source-sandbox", "source-live"]).await
    })
    .await
}
