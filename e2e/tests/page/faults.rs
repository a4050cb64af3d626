//! What a visitor breaks, and how the cluster gets over it.

use crate::{beside_a_cluster, on_a_plain_host};
use anyhow::{Context as _, Result};
use hotstuff_e2e::Row;

/// The height that all have committed with the same block and state, if they have.
fn agreed(rows: &[Row]) -> Option<u64> {
    let (first, others) = rows.split_first()?;
    let is_same = |row: &Row| (&row.head, &row.state_root) == (&first.head, &first.state_root);
    (others.iter().all(is_same) && first.head.len() == 64).then_some(first.height)
}

#[tokio::test]
async fn a_killed_leader_is_timed_out_and_catches_up_when_restarted() -> Result<()> {
    beside_a_cluster("leader", async |page, demo| {
        page.open(&demo.url("#/s/sandbox?v=1&seed=7&n=4&speed=2&play=1")).await?;
        page.until("blocks are committed", "Number(t('committed-height').textContent) >= 3").await?;
        page.click("pause").await?;
        let rows = page.until_rows("there is a leader", |rows| rows.iter().any(|row| row.leader)).await?;
        let leader = rows.iter().filter(|row| row.leader).max_by_key(|row| row.view).context("a leader")?;
        let (killed, view) = (leader.id, leader.view);
        page.click(&format!("kill-{killed}")).await?;
        let rows = page.until_rows("it is down", |rows| rows.iter().any(|row| !row.up)).await?;
        assert_eq!(rows.iter().filter(|row| !row.up).map(|row| row.id).collect::<Vec<_>>(), [killed]);
        let height = page.number("committed-height").await?;

        page.click("play").await?;
        let formed = page.until_events("tc-formed", |events| !events.is_empty()).await?;
        let by = formed[0].replica.context("a replica forms it")?;
        assert_ne!(by, killed);
        assert!(formed[0].text.contains("formed a TC for view"), "{:?}", formed[0]);
        let timed_out = page.until_events("timed-out", |events| events.len() >= 3).await?;
        assert!(timed_out.iter().all(|event| event.replica != Some(killed)));
        page.until("they go on", &format!("Number(t('committed-height').textContent) >= {}", height + 5))
            .await?;
        assert!(page.number("view").await? > view, "beyond the view of the killed leader");
        let rows = page.rows().await?;
        assert!(rows[usize::from(killed)].height <= height, "who is down commits nothing");

        page.click(&format!("restart-{killed}")).await?;
        let target = page.number("committed-height").await?;
        page.until_rows("it is up and as far as the others were", |rows| {
            let row = &rows[usize::from(killed)];
            row.up && row.height >= target
        })
        .await?;
        page.click("pause").await?;
        // Between two commits all stand at the same block: at most a few steps away.
        let mut rows = page.rows().await?;
        for _ in 0..200 {
            if agreed(&rows).is_some() {
                break;
            }
            page.click("step").await?;
            rows = page.rows().await?;
        }
        assert!(agreed(&rows).is_some_and(|height| height >= target), "{rows:#?}");
        assert_eq!(page.attribute("invariants", "data-state").await?, "ok");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn single_links_are_set_by_themselves() -> Result<()> {
    on_a_plain_host("single-links", async |page, server| {
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&play=0")).await?;
        page.element("links-from").await?.select_by_value("1").await?;
        page.element("links-to").await?.select_by_value("3").await?;
        page.enter("delay-max", "4000").await?;
        let set = "[...document.querySelectorAll('[data-kind=fault]')].map(item => item.textContent)
            .filter(text => text.includes('the link from r'))";
        page.until(
            "one link is set",
            &format!("({set}).length === 1 && ({set})[0].includes('from r1 to r3')"),
        )
        .await?;
        page.element("links-to").await?.select_by_value("").await?;
        page.until("others are as they were", "t('delay-max').value === '60'").await?;
        page.enter("delay-max", "3000").await?;
        page.until("all links of one replica are set", &format!("({set}).length === 4")).await?;
        page.element("links-from").await?.select_by_value("").await?;
        page.until("the others are as they were", "t('delay-max').value === '60'").await?;
        page.click("step-commit").await?;
        page.until("it goes on", "Number(t('trace-hash').dataset.steps) > 0").await?;
        Ok(())
    })
    .await
}
