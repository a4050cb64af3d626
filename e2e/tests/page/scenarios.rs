//! Every lesson in the browser: by mouse and by keyboard, each run as it is natively.

use crate::on_a_plain_host;
use anyhow::{Context as _, Result};
use hotstuff_core::Time;
use hotstuff_e2e::Page;
use hotstuff_sim::play::{Beginning, Play};
use hotstuff_sim::scenarios::{self, Scenario};
use serde_json::Value;

const SEED: u64 = 7;
const SPACE: &str = " ";
const ENTER: &str = "\u{e007}";

/// How a script's run ends natively: its trace hash, its steps, and whether it is violated.
fn native(scenario: &Scenario, script: u8) -> Result<(String, u64, bool)> {
    let beginning = Beginning::Lesson { name: scenario.name.into(), script, seed: SEED, rule: None };
    let mut play = Play::new(&beginning)?;
    let until = scenario.scripts[usize::from(script)].until;
    while play.step(until).is_some() {}
    let sim = play.sim();
    Ok((format!("{:#}", sim.trace_hash()), sim.steps(), sim.violation().is_some()))
}

/// Waits until the run has been played beyond `until`, or is frozen.
async fn played(page: &Page, until: Time) -> Result<()> {
    let reached = format!(
        "Number(t('trace-hash').dataset.timeUs) >= {} || t('invariants').dataset.state === 'violated'",
        until.0
    );
    page.until("the script is over", &reached).await?;
    Ok(())
}

/// Goes to the script's end, and looks whether it is the native one.
async fn is_as_natively(page: &Page, scenario: &Scenario, script: u8) -> Result<()> {
    let (hash, steps, is_violated) = native(scenario, script)?;
    let name = format!("{}, script {script}", scenario.name);
    if !is_violated {
        let until_ms = scenario.scripts[usize::from(script)].until.0 / 1_000;
        let scrub = format!(
            "(scrub => {{ scrub.value = {until_ms}; scrub.dispatchEvent(new Event('input', {{ bubbles: true }}));
                return true }})(t('scrub'))"
        );
        page.eval(&scrub).await?;
    }
    page.until(&format!("{name}: it is at its end"), &format!("t('trace-hash').dataset.steps === '{steps}'"))
        .await?;
    assert_eq!(page.attribute("trace-hash", "data-hash").await?, hash, "{name}");
    let state = if is_violated { "violated" } else { "ok" };
    assert_eq!(page.attribute("invariants", "data-state").await?, state, "{name}");
    Ok(())
}

#[tokio::test]
async fn every_lesson_is_played_by_mouse_and_comes_out_as_natively() -> Result<()> {
    on_a_plain_host("lessons", async |page, server| {
        page.open(&server.url(&format!("/#/s/sandbox?v=1&seed={SEED}&n=4&speed=100&play=1"))).await?;
        for scenario in scenarios::all() {
            page.element("scenario").await?.select_by_value(scenario.name).await?;
            for script in 0..u8::try_from(scenario.scripts.len())? {
                if script > 0 {
                    page.click(&format!("script-{script}")).await?;
                }
                let title = format!("{}. {}", scenario.number, scenario.title);
                let shown = format!("t('lesson').textContent.includes({})", Value::from(title));
                page.until("the lesson is told", &shown).await?;
                page.until("its run begins", "Number(t('trace-hash').dataset.steps) > 0").await?;
                played(page, scenario.scripts[usize::from(script)].until).await?;
                is_as_natively(page, scenario, script).await?;
                assert!(page.text("question").await?.contains(scenario.question), "{}", scenario.name);
                page.until(
                    "its question is asked",
                    "t('question').dataset.over === 'true' || t('invariants').dataset.state === 'violated'",
                )
                .await?;
                if page.attribute("transport", "data-playing").await? == "false" {
                    page.click("play").await?;
                }
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn every_lesson_is_gone_through_by_keys_alone() -> Result<()> {
    on_a_plain_host("lesson-keys", async |page, server| {
        let first = scenarios::all().first().context("there are lessons")?;
        page.open(&server.url(&format!("/#/s/{}?v=1&seed={SEED}&speed=100&play=0", first.name))).await?;
        for scenario in scenarios::all() {
            let title = Value::from(scenario.title);
            page.until("the lesson is told", &format!("t('lesson').textContent.includes({title})")).await?;
            page.until("it stands at its beginning", "t('trace-hash').dataset.steps === '0'").await?;
            // Elsewhere than on a button, where Space would press it.
            page.eval("document.activeElement.blur()").await?;
            page.press(SPACE).await?;
            played(page, scenario.scripts[0].until).await?;
            page.eval("document.activeElement.blur()").await?;
            if page.attribute("transport", "data-playing").await? == "true" {
                page.press(SPACE).await?;
            }
            is_as_natively(page, scenario, 0).await?;
            if scenario.number < u8::try_from(scenarios::all().len())? {
                page.element("lesson-next").await?.send_keys(ENTER).await?;
            }
        }
        Ok(())
    })
    .await
}
