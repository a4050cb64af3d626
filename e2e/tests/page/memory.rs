//! A run that goes on and on: the page takes no more memory, and the run only what its checkers remember.

use crate::on_a_plain_host;
use anyhow::Result;
use hotstuff_e2e::{Memory, Page};

/// Simulated seconds between two marks: ten minutes. At the second, replicas hold as many blocks as they ever do.
const MARK_S: u64 = 600;
/// Simulated seconds before the first mark: by then there are as many checkpoints as there ever are.
const FIRST_S: u64 = 4_600;
/// So much is waited for at a time.
const CHUNK_S: u64 = 200;
/// How much more there may be at the third mark than at the second.
const GROWTH: Memory = Memory { heap: 1_536 * 1024, wasm: 512 * 1024, nodes: 5_000 };
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
        let (mut marks, mut reached_s) = (Vec::new(), 0);
        for mark in 0..3 {
            let mark_s = FIRST_S + mark * MARK_S;
            while reached_s < mark_s {
                reached_s += CHUNK_S;
                play_to(page, reached_s).await?;
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
