//! The live view of a cluster of real replicas.

use crate::beside_a_cluster;
use anyhow::Result;
use hotstuff_e2e::Page;
use std::collections::BTreeSet;

async fn all_live(page: &Page) -> Result<()> {
    page.until("the connection is live", "t('live-state').dataset.state === 'live'").await?;
    let rows = page.until_rows("all are live", |rows| rows.iter().all(|row| row.link == "live")).await?;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert!(rows.iter().all(|row| row.up));
    Ok(())
}

async fn send(page: &Page, command: &str, answer: &str) -> Result<()> {
    page.enter("command-input", command).await?;
    let is_done = "t('command-result').dataset.state === 'done' && t('command-result').textContent";
    let text = page.until(&format!("“{command}” is done"), is_done).await?;
    assert!(text.as_str().is_some_and(|text| text.contains(answer)), "{command}: {text}");
    let replicas = page.attribute("command-result", "data-replicas").await?;
    let distinct: BTreeSet<&str> = replicas.split(',').collect();
    assert!(distinct.len() >= 2, "f+1 = 2 agree: {replicas:?}");
    Ok(())
}

#[tokio::test]
async fn commands_of_the_client_and_of_the_page_are_seen_to_commit() -> Result<()> {
    beside_a_cluster("live", async |page, demo| {
        page.open(&demo.url("")).await?;
        assert_eq!(page.attribute("app", "data-source").await?, "sandbox");
        page.click("source-live").await?;
        page.until("the source is live", "t('app').dataset.source === 'live' && location.hash === '#/live'")
            .await?;
        all_live(page).await?;

        let height = page.number("committed-height").await?;
        assert_eq!(demo.client(&["set", "hello", "world"]).await?, "OK");
        let executed = page
            .until_events("executed", |events| {
                let replicas: BTreeSet<_> = events.iter().map(|event| event.replica).collect();
                replicas.len() == 4
            })
            .await?;
        assert!(executed.iter().all(|event| event.text.contains("at height")), "{executed:?}");
        page.until("the height rises", &format!("Number(t('committed-height').textContent) > {height}"))
            .await?;
        let committed = page.until_events("committed", |events| events.len() >= 4).await?;
        assert!(committed.iter().any(|event| event.text.contains("1 commands")), "{committed:?}");

        send(page, "get hello", "world").await?;
        send(page, "set from the page", "OK").await?;
        assert_eq!(demo.client(&["get", "from"]).await?, "the page");
        // In an idle cluster the leader is a block ahead of the others: it alone knows the newest
        // certificate until it proposes. Empty blocks leave the state as it is.
        let rows = page.until_rows("all have the same state", |rows| {
            rows.iter().all(|row| row.state_root == rows[0].state_root && row.height > height)
        });
        let rows = rows.await?;
        assert_eq!(rows[0].state_root.len(), 64);
        for row in &rows {
            let mut others = rows.iter().filter(|other| other.height == row.height);
            assert!(others.all(|other| other.head == row.head), "{rows:#?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_killed_replica_is_out_of_reach_while_the_others_go_on_and_comes_back() -> Result<()> {
    beside_a_cluster("killed", async |page, demo| {
        page.open(&demo.url("#/live")).await?;
        all_live(page).await?;
        // Chromium itself tells of each connection that fails.
        page.announce(format!("'ws://{}/", demo.address(2)));
        demo.kill(2)?;
        page.until_rows("it is out of reach", |rows| rows[2].link == "unreachable" && !rows[2].up).await?;
        page.until("so the cluster is degraded", "t('live-state').dataset.state === 'degraded'").await?;
        let rows = page.rows().await?;
        assert!([0, 1, 3].iter().all(|&id| rows[id].link == "live"), "{rows:#?}");

        let height = page.number("committed-height").await?;
        send(page, "set after kill", "OK").await?;
        page.until("they go on", &format!("Number(t('committed-height').textContent) > {height}")).await?;
        let replicas = page.attribute("command-result", "data-replicas").await?;
        assert!(!replicas.split(',').any(|id| id == "2"), "{replicas:?}");

        demo.restart(2)?;
        all_live(page).await?;
        page.until_rows("it has caught up", |rows| rows[2].height > height).await?;
        Ok(())
    })
    .await
}
