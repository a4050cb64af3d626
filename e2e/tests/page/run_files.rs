//! Runs as files, and what is offered when the sandbox has failed.

use crate::on_a_plain_host;
use anyhow::{Context as _, Result};
use hotstuff_e2e::Page;

/// Instead of handing files to the visitor, keeps what would have been handed.
const CATCH_FILES: &str =
    "(HTMLAnchorElement.prototype.click = function () { window.saved = this }, window.saved = null, true)";
const SAVED: &str =
    "saved && saved.download === 'hotstuff-run.txt' && decodeURIComponent(saved.href.split(',')[1])";

/// What was last saved.
async fn saved(page: &Page) -> Result<String> {
    let saved = page.until("a file is handed out", SAVED).await?;
    Ok(saved.as_str().context("its text")?.to_owned())
}

#[tokio::test]
async fn a_run_is_saved_as_a_file_and_opened_again() -> Result<()> {
    on_a_plain_host("run-file", async |page, server| {
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&speed=1&play=0")).await?;
        page.click("step-commit").await?;
        page.until("it goes on", "Number(t('trace-hash').dataset.steps) > 0 && !hotstuff.moment().busy")
            .await?;
        page.click("kill-2").await?;
        page.until_rows("it is down", |rows| rows.iter().any(|row| row.id == 2 && !row.up)).await?;
        page.click("step-view").await?;
        page.until("it stands", "t('transport').dataset.busy === 'false'").await?;
        page.eval(CATCH_FILES).await?;
        page.click("save-run").await?;
        let text = saved(page).await?;
        let (hash, steps) = (
            page.attribute("trace-hash", "data-hash").await?,
            page.attribute("trace-hash", "data-steps").await?,
        );
        assert!(text.starts_with("http") && text.contains(&format!("e={steps}")), "{text}");

        page.enter("seed", "99").await?;
        page.until("another run begins", "t('trace-hash').dataset.steps === '0'").await?;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("run.txt");
        std::fs::write(&file, format!("{text}\n"))?;
        let input = page.element("run-file").await?;
        input.send_keys(&file.display().to_string()).await?;
        page.until("the saved run is back", &format!("t('trace-hash').dataset.steps === '{steps}'")).await?;
        assert_eq!(page.attribute("trace-hash", "data-hash").await?, hash);
        assert_eq!(page.eval("t('link-problems')").await?, serde_json::Value::Null);

        std::fs::write(&file, [0xff, 0, 0x80])?;
        input.send_keys(&file.display().to_string()).await?;
        page.until("it is refused", "t('link-problems')?.textContent.includes('holds no run')").await?;
        assert_eq!(page.attribute("trace-hash", "data-hash").await?, hash, "what was shown stays");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_link_that_is_too_long_is_shared_as_a_file() -> Result<()> {
    on_a_plain_host("long-link", async |page, server| {
        let powers = vec!["100"; 100].join(",");
        page.open(&server.url(&format!("/#/s/sandbox?v=1&seed=7&n=100&play=0&power={powers}"))).await?;
        page.eval(CATCH_FILES).await?;
        page.click("share").await?;
        page.until("it is told", "t('share').textContent.includes('Link copied')").await?;
        assert_eq!(page.eval("saved").await?, serde_json::Value::Null, "this one is short enough");
        let code = "9".repeat(8_000);
        page.open(&server.url(&format!("/#/s/run?v=1&seed=7&play=0&p={code}"))).await?;
        page.eval(CATCH_FILES).await?;
        page.click("share").await?;
        page.until("it is told", "t('share').textContent.includes('file')").await?;
        saved(page).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_sandbox_that_fails_says_so_and_can_be_begun_again() -> Result<()> {
    on_a_plain_host("failed-sandbox", async |page, server| {
        page.announce("/committee - Failed to load resource");
        page.announce("nowhere.js");
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&play=0")).await?;
        page.eval(
            "(window.Sound = Worker, window.Worker = function (_, options) { return new Sound('./nowhere.js', options) }, true)",
        )
        .await?;
        page.click("source-live").await?;
        page.click("source-sandbox").await?;
        page.until("it is told", "t('sandbox-failed')?.textContent.includes('does not load')").await?;
        page.eval(CATCH_FILES).await?;
        page.click("save-failed").await?;
        assert!(saved(page).await?.contains("seed=7"));
        page.eval("(window.Worker = Sound, true)").await?;
        page.click("begin-again").await?;
        page.until("nothing is wrong any more", "!t('sandbox-failed')").await?;
        page.click("step").await?;
        page.until("it works", "t('trace-hash').dataset.steps === '1'").await?;
        Ok(())
    })
    .await
}
