//! A run that goes on and on: the page takes no more memory, and the run only what its checkers remember.

use crate::on_a_plain_host;
use anyhow::Result;
use hotstuff_e2e::{Memory, Page};

/// Simulated seconds between two marks. At the second, replicas hold as many blocks as they ever do.
const MARK_S: u64 = 100;
/// So much is waited for at a time.
const CHUNK_S: u64 = 20;
/// How much more there may be at the third mark than at the second.
const GROWTH: Memory = Memory { heap: 768 * 1024, wasm: 512 * 1024, nodes: 5_000 };
/// What a block may leave behind for good: agreement and votes are checked against all that was.
const BLOCK_BYTES: u64 = 4 * 1024;

async fn play_to(page: &Page, seconds: u64) -> Result<()> {
    let reached = format!("Number(t('trace-hash').dataset.timeUs) >= {seconds}e6");
    page.until(&format!("{seconds} s are simulated"), &reached).await?;
    Ok(())
}

#[tokio::test]
async fn a_long_run_keeps_its_memory_flat() -> Result<()> {
    on_a_plain_host("memory", async |page, server| {
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&play=0")).await?;
        // The End key: as fast as it can.
        page.element("speed").await?.send_keys("\u{e010}").await?;
        page.click("play").await?;
        let mut marks = Vec::new();
        for mark in 0..3 {
            for seconds in (CHUNK_S..=MARK_S).step_by(CHUNK_S as usize) {
                play_to(page, mark * MARK_S + seconds).await?;
            }
            marks.push((page.number("committed-height").await?, page.memory().await?));
        }
        assert_eq!(page.attribute("transport", "data-playing").await?, "true");
        let [_, (lower, second), (higher, third)] = marks[..] else { unreachable!("there are three") };
        assert!(higher > lower, "{marks:#?}");
        assert!(
            third.heap <= second.heap + GROWTH.heap
                && third.wasm <= second.wasm + GROWTH.wasm + (higher - lower) * BLOCK_BYTES
                && third.nodes <= second.nodes + GROWTH.nodes,
            "height and memory after each {MARK_S} simulated seconds: {marks:#?}"
        );
        Ok(())
    })
    .await
}
