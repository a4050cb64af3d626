//! The page's Content-Security-Policy: it holds, and the page keeps to it.

use crate::beside_a_cluster;
use anyhow::Result;
use hotstuff_e2e::{FileServer, Page, built_page, with_page};

/// Tries what the policy forbids, which must be noticed and not be done.
async fn forbids_what_is_not_the_pages(page: &Page) -> Result<()> {
    // The browser tells of each on the console, too.
    page.announce("Content Security Policy");
    let attempts = "(() => {
        const script = document.createElement('script');
        script.textContent = 'window.injected = true';
        const code = document.createElement('script');
        code.src = 'data:text/javascript,window.injected=true';
        document.head.append(script, code);
        document.body.setAttribute('onclick', 'window.injected = true');
        document.body.setAttribute('style', 'opacity: 0.5');
        const worker = URL.createObjectURL(new Blob(['postMessage(1)']));
        try { new Worker(worker) } catch {}
        return true;
    })()";
    page.eval(attempts).await?;
    page.until("all attempts are noticed", "forbidden.length >= 5").await?;
    let forbidden = page.forbidden().await?;
    for directive in
        ["script-src-elem inline", "script-src-elem data", "script-src-attr", "style-src-attr", "worker-src"]
    {
        assert!(forbidden.iter().any(|what| what.starts_with(directive)), "{directive}: {forbidden:#?}");
    }
    assert_eq!(page.eval("window.injected === undefined").await?, true);
    assert_eq!(page.eval("getComputedStyle(document.body).opacity").await?, "1");
    Ok(())
}

#[tokio::test]
async fn on_a_plain_host_the_page_keeps_to_its_policy_and_others_must() -> Result<()> {
    let server = FileServer::of_folder(&built_page()?, "/some/path").await?;
    with_page("policy", async |page| {
        page.watch_policy().await?;
        page.open(&server.url("/some/path/")).await?;
        page.until("the sandbox commits", "Number(t('committed-height').textContent) > 0").await?;
        for control in ["theme", "select-1", "kill-1", "restart-1", "step", "step-commit", "help"] {
            page.until("it is there", &format!("t('{control}')")).await?;
            page.click(control).await?;
        }
        page.until("the help is there", "t('help-dialog')").await?;
        assert_eq!(page.forbidden().await?, [""; 0]);
        assert!(page.console_errors().await?.is_empty());
        forbids_what_is_not_the_pages(page).await
    })
    .await
}

#[tokio::test]
async fn a_replica_sends_the_policy_and_the_live_view_keeps_to_it() -> Result<()> {
    beside_a_cluster("live-policy", async |page, demo| {
        page.watch_policy().await?;
        page.open(&demo.url("#/live")).await?;
        page.until_rows("all are live", |rows| rows.len() == 4 && rows.iter().all(|row| row.link == "live"))
            .await?;
        let sent = "fetch('./').then(answer => answer.headers.get('content-security-policy'))";
        let written = "document.querySelector('meta[http-equiv=Content-Security-Policy]').content";
        assert_eq!(page.eval(sent).await?, page.eval(written).await?);
        assert_eq!(page.forbidden().await?, [""; 0]);
        forbids_what_is_not_the_pages(page).await
    })
    .await
}
