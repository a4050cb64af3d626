//! The page by Tab alone: all is reached, the focus is seen wherever it is, and nothing holds it.

use crate::accessibility::tabs;
use crate::on_a_plain_host;
use anyhow::Result;
use hotstuff_e2e::{Page, Scheme, Stop, Way};

const PAUSED: &str = "/#/s/sandbox?v=1&seed=7&n=4&speed=0.1&play=0";
const SCHEMES: [Scheme; 3] = [Scheme::Light, Scheme::Dark, Scheme::Forced];

/// Walks round, in this colour, and asserts that it was shown all.
async fn walks_round(page: &Page, state: &str, scheme: Scheme) -> Result<()> {
    page.prefer(scheme, false).await?;
    page.frames(2).await?;
    let state = format!("{state}, {}", scheme.word());
    let reachable = page.reachable().await?;
    assert!(!reachable.is_empty(), "{state}");
    let there = page.walk(Way::Forward).await?;
    let missed: Vec<&String> =
        reachable.iter().filter(|name| !there.iter().any(|stop| stop.name == **name)).collect();
    assert!(missed.is_empty(), "{state}: Tab leaves out {missed:?}, and reaches {there:#?}");
    let ill_shown: Vec<&Stop> = there.iter().filter(|stop| !stop.problems.is_empty()).collect();
    assert!(ill_shown.is_empty(), "{state}: the focus is not seen well: {ill_shown:#?}");
    let back = page.walk(Way::Back).await?;
    let names = |stops: &[Stop]| {
        let mut names: Vec<String> = stops.iter().map(|stop| stop.name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&there), names(&back), "{state}: the way back is the same");
    Ok(())
}

async fn open(page: &Page, url: &str) -> Result<()> {
    page.open(url).await?;
    page.click("step-commit").await?;
    page.until("a block is committed", "t('committed-height').textContent === '1'").await?;
    Ok(())
}

#[tokio::test]
async fn tab_reaches_every_control_and_the_focus_is_seen() -> Result<()> {
    on_a_plain_host("keyboard", async |page, server| {
        open(page, &server.url(PAUSED)).await?;
        page.eval("document.querySelectorAll('details').forEach(e => e.open = true)").await?;
        for scheme in SCHEMES {
            walks_round(page, "wide", scheme).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn tab_reaches_every_control_of_each_tab_of_a_narrow_window() -> Result<()> {
    on_a_plain_host("keyboard-narrow", async |page, server| {
        page.resize(390, 844).await?;
        open(page, &server.url(PAUSED)).await?;
        page.eval("document.querySelectorAll('details').forEach(e => e.open = true)").await?;
        for tab in tabs(page).await? {
            page.click(&tab).await?;
            walks_round(page, &tab, Scheme::Light).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_dialog_keeps_the_focus_and_gives_it_back() -> Result<()> {
    on_a_plain_host("keyboard-dialog", async |page, server| {
        page.open(&server.url(PAUSED)).await?;
        let focused = "document.activeElement.dataset.testid";
        for close in ["\u{e00c}", "\u{e007}"] {
            // Enter on the button; the dialog begins with the focus on its own button to close.
            page.element("help").await?.send_keys("\u{e007}").await?;
            page.until("help is shown", "t('help-dialog')?.contains(document.activeElement)").await?;
            for scheme in SCHEMES {
                walks_round(page, "help", scheme).await?;
            }
            let problems = page.layout_problems(&[], &[]).await?;
            assert!(problems.is_empty(), "{problems:?}");
            page.eval("t('help-dialog').querySelector('.primary').focus()").await?;
            page.press(close).await?;
            page.until("help is gone", "!t('help-dialog')").await?;
            page.until("the focus is where it was", &format!("{focused} === 'help'")).await?;
        }
        Ok(())
    })
    .await
}
