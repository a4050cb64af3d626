//! After the first visit, the page opens without its host.

use crate::beside_a_cluster;
use anyhow::Result;
use hotstuff_e2e::{FileServer, Page, built_page, with_page};
use serde_json::json;

const PATH: &str = "/some/path/";

/// Waits until the page is kept.
async fn until_kept(page: &Page) -> Result<()> {
    let is_kept = "navigator.serviceWorker.getRegistration()
        .then(found => found?.active?.state === 'activated')";
    page.until("the page is kept", is_kept).await?;
    Ok(())
}

/// The sandbox plays, and plays a run anew.
async fn plays(page: &Page) -> Result<()> {
    page.until("the sandbox commits", "Number(t('committed-height').textContent) > 0").await?;
    page.enter("seed", "12").await?;
    page.until("another run is there", "location.hash.includes('seed=12&')").await?;
    page.until("and commits", "Number(t('committed-height').textContent) > 0").await?;
    Ok(())
}

async fn comes_from_the_cache(page: &Page) -> Result<()> {
    let start = "performance.getEntriesByType('navigation')[0].workerStart > 0";
    assert_eq!(page.eval(start).await?, true, "the service worker answered");
    Ok(())
}

#[tokio::test]
async fn when_its_host_is_gone_the_page_still_works() -> Result<()> {
    let mut server = FileServer::of_folder(&built_page()?, PATH.trim_end_matches('/')).await?;
    let url = server.url(PATH);
    with_page("offline", async |page| {
        page.watch_policy().await?;
        page.open(&url).await?;
        plays(page).await?;
        until_kept(page).await?;
        assert!(page.console_errors().await?.is_empty());

        server.stop().await;
        for link in ["", "?embed=1#/s/sandbox?seed=7&n=5", "index.html"] {
            page.open(&format!("{url}{link}")).await?;
            comes_from_the_cache(page).await?;
            plays(page).await?;
            assert_eq!(page.forbidden().await?, [""; 0]);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn of_a_replica_the_page_alone_is_kept_and_no_answer() -> Result<()> {
    beside_a_cluster("kept-replica", async |page, demo| {
        page.open(&demo.url("#/live")).await?;
        let all_live = "t('live-state')?.dataset.state === 'live'";
        page.until("the cluster is live", all_live).await?;
        until_kept(page).await?;
        // Now the service worker is between the page and its replica.
        page.open(&demo.url("#/live")).await?;
        comes_from_the_cache(page).await?;
        page.until("the cluster is live through it", all_live).await?;
        let asked = "Promise.all(['committee', 'status', 'healthz', 'metrics'].map(path =>
            fetch(path).then(async answer => [answer.status, !!await caches.match(path)])))";
        assert_eq!(page.eval(asked).await?, json!([[200, false], [200, false], [200, false], [200, false]]));

        // Chromium itself tells of each connection that fails.
        page.announce("net::ERR_CONNECTION_REFUSED");
        page.announce(format!("'ws://{}/", demo.address(0)));
        demo.kill(0)?;
        page.open(&demo.url("#/s/sandbox?seed=7")).await?;
        plays(page).await?;
        let unanswered = "fetch('committee').then(() => false, () => true)";
        page.until("nobody answers for the replica", unanswered).await?;
        demo.restart(0)?;
        page.until("it answers again", "fetch('committee').then(answer => answer.ok, () => false)").await?;
        page.open(&demo.url("#/live")).await?;
        page.until("the cluster is live again", all_live).await?;
        Ok(())
    })
    .await
}
