//! The page on a plain host of files, below a path, where no cluster is.

use anyhow::Result;
use hotstuff_e2e::{FileServer, built_page, with_page};

#[tokio::test]
async fn without_a_cluster_the_page_says_so_and_offers_the_sandbox() -> Result<()> {
    let server = FileServer::of_folder(&built_page()?, "/some/where").await?;
    with_page("unreachable", async |page| {
        page.open(&server.url("/some/where/")).await?;
        page.until("the sandbox plays", "Number(t('committed-height').textContent) > 0").await?;
        let errors = page.console_errors().await?;
        assert!(errors.is_empty(), "a plain host is asked for nothing that it lacks: {errors:?}");

        // Chromium itself tells of an answer that is none.
        page.announce("/some/where/committee - Failed to load resource");
        page.click("source-live").await?;
        page.until("it is out of reach", "t('live-state')?.dataset.state === 'unreachable'").await?;
        let text = page.text("live-unreachable").await?;
        assert!(!text.trim().is_empty());
        page.click("open-sandbox").await?;
        page.until("the sandbox is back", "t('app').dataset.source === 'sandbox' && !t('live-unreachable')")
            .await?;
        page.until("and plays", "Number(t('committed-height').textContent) > 0").await?;
        Ok(())
    })
    .await
}
