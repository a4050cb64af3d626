//! Where things are, at the sizes and in the colours that the page is held to.

use crate::run::{Run, step_to};
use crate::{beside_a_cluster, on_a_plain_host};
use anyhow::{Context as _, Result};
use hotstuff_e2e::{Page, Problem, Scheme};

const SIZES: [(u32, u32); 3] = [(1440, 900), (768, 1024), (390, 844)];
const SCHEMES: [Scheme; 3] = [Scheme::Light, Scheme::Dark, Scheme::Forced];
const PANELS: [&str; 9] =
    ["transport", "network", "tree", "replicas", "inspector", "event-log", "invariants", "lesson", "legend"];

/// Where the window is narrow, panels are behind these.
const TABS: [&str; 4] = ["tab-picture", "tab-replicas", "tab-events", "tab-learn"];
const NARROW: u32 = 1_100;

/// Looks at the page in all sizes and colours, and keeps a picture of each.
async fn looks_right(page: &Page, name: &str, controls: &[&str]) -> Result<()> {
    let mut found = Vec::new();
    for scheme in SCHEMES {
        page.prefer(scheme, false).await?;
        let brightness = page.brightness().await?;
        match scheme {
            Scheme::Light => assert!(brightness > 200.0, "{brightness}"),
            Scheme::Dark | Scheme::Forced => assert!(brightness < 60.0, "{brightness}"),
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
    painted(page).await?;
    page.screenshot(title).await?;
    let problems = page.layout_problems(controls, panels).await?;
    Ok(problems.into_iter().map(|problem| (title.to_owned(), problem)).collect())
}

/// Waits until the pictures that are in view are painted in the size that they have now.
async fn painted(page: &Page) -> Result<()> {
    let is_painted = "['network', 'tree'].every(id => {
        const { clientWidth: width, clientHeight: height } = t(id);
        const scene = hotstuff.scene()[id];
        return width === 0 || Math.abs(scene.width - width) < 1 && Math.abs(scene.height - height) < 1;
    })";
    page.until("the pictures are painted", is_painted).await?;
    Ok(())
}

#[tokio::test]
async fn the_sandbox_fits_all_windows() -> Result<()> {
    on_a_plain_host("sandbox-layout", async |page, server| {
        page.prefer(Scheme::Light, false).await?;
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&speed=0.1&play=0")).await?;
        for height in 1..=4 {
            page.click("step-commit").await?;
            let there = format!("Number(t('committed-height').textContent) === {height}");
            page.until("a block is committed", &there).await?;
        }
        let rows = page.rows().await?;
        let leader = rows.iter().filter(|row| row.leader).max_by_key(|row| row.view).context("a leader")?;
        let (killed, next) = (leader.id, (leader.id + 1) % 4);
        page.click(&format!("kill-{killed}")).await?;
        page.until_rows("it is down", |rows| !rows[usize::from(killed)].up).await?;
        // What the leader sent before still arrives. When it is to lead again, the others give up.
        page.enter("event-search", "tc-formed").await?;
        for _ in 0..8 {
            let view = page.number("view").await?;
            page.click("step-view").await?;
            page.until("a view is entered", &format!("Number(t('view').textContent) > {view}")).await?;
            if page.number("event-count").await? > 0 {
                break;
            }
        }
        assert!(page.number("event-count").await? > 0, "a timeout certificate is formed");
        page.enter("event-search", "").await?;
        let steps = Run::of(page).await?.steps;
        step_to(page, steps + 4).await?;
        page.click(&format!("select-{next}")).await?;
        page.until("it is selected", &format!("t('inspector').dataset.replica === '{next}'")).await?;
        painted(page).await?;
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
        page.prefer(Scheme::Light, false).await?;
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
        painted(page).await?;
        page.image("live").await?;
        looks_right(page, "live", &["source-sandbox", "source-live"]).await
    })
    .await
}

#[tokio::test]
async fn what_comes_and_goes_fits_all_windows() -> Result<()> {
    on_a_plain_host("passing-layout", async |page, server| {
        let mut found = Vec::new();
        // Chromium itself tells of an answer that is none.
        page.announce("/committee - Failed to load resource");
        for (state, link, press) in [
            ("help", "/#/s/sandbox?v=1&play=0", Some("help")),
            ("link-problems", "/#/s/sandbox?v=1&seed=x&n=99&play=0&colour=blue", None),
            ("live-unreachable", "/#/live", None),
        ] {
            for scheme in SCHEMES {
                // First, as Chromium keeps the forced ground of a document that is there already.
                page.prefer(scheme, false).await?;
                page.open(&server.url(link)).await?;
                if let Some(press) = press {
                    page.click(press).await?;
                }
                let there = format!("t('{state}') ?? t('{state}-dialog')");
                page.until(&format!("{state} is shown"), &there).await?;
                for (width, height) in SIZES {
                    page.resize(width, height).await?;
                    let title = format!("{state}-{width}-{}", scheme.word());
                    found.extend(problems(page, &title, &[], &PANELS).await?);
                }
            }
        }
        assert_eq!(found, [] as [(String, Problem); 0]);
        Ok(())
    })
    .await
}
