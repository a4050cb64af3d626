//! The sandbox as a visitor uses it.

use crate::beside_a_cluster;
use crate::run::Run;
use anyhow::Result;
use hotstuff_e2e::Page;

const PLAYING: &str = "#/s/sandbox?v=1&seed=7&n=4&speed=1&play=1";

#[tokio::test]
async fn it_commits_when_played_stands_still_when_paused_and_steps() -> Result<()> {
    beside_a_cluster("sandbox", async |page, demo| {
        page.open(&demo.url(PLAYING)).await?;
        page.until("blocks are committed", "Number(t('committed-height').textContent) >= 5").await?;
        assert_eq!(page.attribute("transport", "data-playing").await?, "true");
        assert_eq!(page.attribute("invariants", "data-state").await?, "ok");

        page.click("pause").await?;
        page.until("it is paused", "t('transport').dataset.playing === 'false' && t('play')").await?;
        let paused = Run::of(page).await?;
        page.frames(30).await?;
        assert_eq!(Run::of(page).await?, paused, "time stands still");

        page.click("step").await?;
        page.until("a step is taken", &format!("t('trace-hash').dataset.steps > {}", paused.steps)).await?;
        let stepped = Run::of(page).await?;
        assert_eq!(stepped.steps, paused.steps + 1);
        assert_ne!(stepped.hash, paused.hash);
        assert!(stepped.hash.starts_with(&page.text("trace-hash").await?), "the digits shown are the first");

        let view = page.number("view").await?;
        page.click("step-view").await?;
        page.until("a view is entered", &format!("Number(t('view').textContent) > {view}")).await?;
        let height = page.number("committed-height").await?;
        page.click("step-commit").await?;
        page.until("a block is committed", &format!("Number(t('committed-height').textContent) > {height}"))
            .await?;
        assert_eq!(page.number("committed-height").await?, height + 1, "it stops at the first");
        assert_eq!(page.attribute("transport", "data-playing").await?, "false");

        let before = Run::of(page).await?;
        page.click("play").await?;
        page.until("it plays on", &format!("t('trace-hash').dataset.steps > {}", before.steps)).await?;
        page.click("pause").await?;
        page.click("reset").await?;
        page.until("it begins anew", &format!("Number(t('trace-hash').dataset.steps) < {}", before.steps))
            .await?;
        assert_eq!(Run::of(page).await?.steps, 0);
        assert_eq!(page.number("committed-height").await?, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_command_from_the_form_commits_and_shows_its_result() -> Result<()> {
    beside_a_cluster("command", async |page, demo| {
        page.open(&demo.url(PLAYING)).await?;
        assert_eq!(page.attribute("command-result", "data-state").await?, "none");
        for (command, answer) in [
            ("set colour deep blue", "OK"),
            ("get colour", "deep blue"),
            ("delete colour", "deep blue"),
            ("get colour", "Key not found"),
        ] {
            send(page, command, "done").await?;
            let text = page.text("command-result").await?;
            assert!(text.contains(answer), "{command}: {text}");
            let replicas = page.attribute("command-result", "data-replicas").await?;
            assert!(replicas.split(',').count() >= 2, "f+1 = 2 agree: {replicas:?}");
            let height: u64 = page.attribute("command-result", "data-height").await?.parse()?;
            assert!((1..=page.number("committed-height").await?).contains(&height), "{height}");
        }
        for nonsense in ["frobnicate everything", "set", "get", "delete", "get two keys"] {
            send(page, nonsense, "failed").await?;
            assert!(!page.text("command-result").await?.is_empty(), "{nonsense}: it says why");
        }
        send(page, "set after nonsense", "done").await
    })
    .await
}

/// Sends a command by the button, and waits until its result is `state`.
async fn send(page: &Page, command: &str, state: &str) -> Result<()> {
    page.enter("command-input", command).await?;
    let is_done = format!("t('command-result').dataset.state === '{state}'");
    page.until(&format!("“{command}” is {state}"), &is_done).await?;
    Ok(())
}
