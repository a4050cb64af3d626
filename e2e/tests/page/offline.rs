//! After the first visit, the page opens without its host.

use crate::beside_a_cluster;
use anyhow::{Context as _, Result};
use hotstuff_e2e::{FileServer, Page, built_page, with_page};
use serde_json::json;

const PATH: &str = "/some/path/";
/// Stands still: a browser looks for a newer service worker when it has time, and one that plays has little.
const PAUSED: &str = "#/s/sandbox?seed=7&play=0";

/// The files that the page's cache holds, by name; the names of all caches, with the number of theirs.
const CACHES: &str = "(async () => {
    const names = await caches.keys();
    const count = async name => (await (await caches.open(name)).keys()).length;
    return Promise.all(names.map(async name => [name, await count(name)]));
})()";

async fn caches(page: &Page) -> Result<Vec<(String, usize)>> {
    Ok(serde_json::from_value(page.eval(CACHES).await?)?)
}

/// Waits until the page is kept.
async fn until_kept(page: &Page) -> Result<()> {
    let is_kept = "navigator.serviceWorker.getRegistration()
        .then(found => found?.active?.state === 'activated')";
    page.until("the page is kept", is_kept).await?;
    Ok(())
}

/// The sandbox makes a run anew, up to a commit.
async fn works(page: &Page) -> Result<()> {
    page.enter("seed", "12").await?;
    page.until("another run is there", "location.hash.includes('seed=12&')").await?;
    page.click("step-commit").await?;
    page.until("it commits", "Number(t('committed-height').textContent) > 0").await?;
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
        works(page).await?;
        until_kept(page).await?;
        assert!(page.console_errors().await?.is_empty());

        server.stop().await;
        for link in ["", "?embed=1#/s/sandbox?seed=7&n=5", "index.html"] {
            page.open(&format!("{url}{link}")).await?;
            comes_from_the_cache(page).await?;
            works(page).await?;
            assert_eq!(page.forbidden().await?, [""; 0]);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_newer_page_takes_the_place_of_the_one_that_was_kept() -> Result<()> {
    let mut server = FileServer::of_folder(&built_page()?, PATH.trim_end_matches('/')).await?;
    let url = server.url(PATH);
    with_page("newer", async |page| {
        page.open(&format!("{url}{PAUSED}")).await?;
        until_kept(page).await?;
        let first = caches(page).await?;
        let [(name, count)] = &first[..] else { panic!("one cache: {first:?}") };
        assert!(*count > 5, "all files are kept: {count}");

        // A file less, so another build; and in the document of this one nothing names it.
        server.replace(|files| {
            let worker = files.get_mut(&format!("{PATH}offline.js")).expect("there is a worker");
            let text = String::from_utf8_lossy(worker).into_owned();
            let (build, rest) = text.split_once('\n').expect("the build is the first line");
            let icon = rest.lines().find(|line| line.contains("favicon")).expect("the icon is a file");
            *worker = format!("const BUILD = \"newer\";\n{}", rest.replacen(icon, "", 1)).into_bytes();
            assert!(build.contains("BUILD"));
        });
        page.open(&format!("{url}{PAUSED}")).await?;
        let is_newer = "caches.keys().then(names => names.length === 1 && names[0].endsWith(' newer'))";
        page.until("the newer one alone is kept", is_newer).await?;
        let second = caches(page).await?;
        assert_eq!(second[0].1 + 1, *count);
        assert_ne!(second[0].0, *name);

        server.stop().await;
        // The icon is no more kept.
        page.announce("favicon");
        page.open(&format!("{url}{PAUSED}")).await?;
        comes_from_the_cache(page).await?;
        works(page).await
    })
    .await
}

#[tokio::test]
async fn half_a_page_is_not_kept_and_the_one_before_stays() -> Result<()> {
    let mut server = FileServer::of_folder(&built_page()?, PATH.trim_end_matches('/')).await?;
    let url = server.url(PATH);
    with_page("half", async |page| {
        page.open(&format!("{url}{PAUSED}")).await?;
        until_kept(page).await?;
        let first = caches(page).await?;
        // A newer worker, and a document that is not the one that it knows.
        server.replace(|files| {
            for (file, from, to) in [
                ("offline.js", "BUILD = \"", "BUILD = \"newer"),
                ("index.html", "<title>", "<title>Another "),
            ] {
                let content = files.get_mut(&format!("{PATH}{file}")).expect("it is there");
                *content = String::from_utf8_lossy(content).replacen(from, to, 1).into_bytes();
            }
        });
        page.announce("integrity");
        page.open(&format!("{url}{PAUSED}")).await?;
        let title = page.eval("document.title").await?;
        assert_eq!(title, "Another HotStuff", "while there is a host, it is the host's page that is shown");
        let watch = "navigator.serviceWorker.getRegistration().then(found => {
            window.states = [];
            const watch = worker => { if (worker) worker.onstatechange = () => states.push(worker.state) };
            watch(found.installing);
            found.onupdatefound = () => watch(found.installing);
            found.update().catch(() => {});
            return true;
        })";
        page.eval(watch).await?;
        page.until("the newer one is refused", "states.includes('redundant')").await?;
        let is_refused = page.eval("states.every(state => state === 'redundant')").await?;
        assert_eq!(is_refused, json!(true), "it was never installed");

        server.stop().await;
        page.open(&format!("{url}{PAUSED}")).await?;
        assert_eq!(page.eval("document.title").await?, "HotStuff");
        works(page).await?;
        let held = caches(page).await?;
        assert!(held.contains(first.first().context("one was kept")?), "{first:?}, then {held:?}");
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
        page.open(&demo.url(PAUSED)).await?;
        works(page).await?;
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
