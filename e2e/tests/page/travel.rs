//! Time travel and interference: branches, links to a moment, gestures, reasons, the diagram, the swarm.

use crate::on_a_plain_host;
use crate::run::Run;
use anyhow::{Context as _, Result};
use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use hotstuff_e2e::Page;
use serde_json::Value;

const PAUSED: &str = "/#/s/sandbox?v=1&seed=7&n=4&speed=1&play=0";
const LEFT: &str = "\u{e012}";
const SHIFT: &str = "\u{e008}";
const END: &str = "\u{e010}";
const HOME: &str = "\u{e011}";

/// Plays until so much time is simulated, and pauses.
async fn play_to(page: &Page, time_ms: u64) -> Result<()> {
    page.click("play").await?;
    let reached = format!("Number(t('trace-hash').dataset.timeUs) >= {time_ms}000");
    page.until("it is played", &reached).await?;
    page.click("pause").await?;
    page.until("it is paused", "t('play')").await?;
    Ok(())
}

#[tokio::test]
async fn one_goes_back_and_on_and_what_is_done_in_the_past_is_a_branch() -> Result<()> {
    on_a_plain_host("travel", async |page, server| {
        page.open(&server.url(PAUSED)).await?;
        play_to(page, 1_500).await?;
        let end = Run::of(page).await?;
        page.press(LEFT).await?;
        page.until("a step back", &format!("t('trace-hash').dataset.steps === '{}'", end.steps - 1)).await?;
        page.press(&format!("{SHIFT}{LEFT}")).await?;
        page.until("a view back", &format!("Number(t('trace-hash').dataset.steps) < {}", end.steps - 1))
            .await?;
        page.press(HOME).await?;
        page.until("the beginning", "t('trace-hash').dataset.steps === '0'").await?;
        page.press(END).await?;
        page.until("the end", &format!("t('trace-hash').dataset.steps === '{}'", end.steps)).await?;
        assert_eq!(Run::of(page).await?.hash, end.hash, "as it was");

        page.click("back-commit").await?;
        page.until("a commit back", &format!("Number(t('trace-hash').dataset.steps) < {}", end.steps))
            .await?;
        assert_eq!(page.attribute("branches", "data-count").await?, "1");
        page.click("kill-2").await?;
        page.until("a branch begins", "t('branches').dataset.count === '2'").await?;
        page.until("and is gone to", "t('branches').dataset.current === '1'").await?;
        page.until_rows("r2 is down", |rows| !rows[2].up).await?;
        play_to(page, 2_500).await?;
        page.click("compare").await?;
        page.until("they are beside each other", "Number(t('comparison')?.dataset.rows) > 0").await?;
        assert!(page.text("comparison").await?.contains("killed"));
        page.press("[").await?;
        page.until("the first branch", "t('branches').dataset.current === '0'").await?;
        page.until_rows("r2 is up there", |rows| rows[2].up).await?;
        page.press(END).await?;
        page.until("its end", &format!("t('trace-hash').dataset.steps === '{}'", end.steps)).await?;
        assert_eq!(Run::of(page).await?.hash, end.hash, "nothing is lost");
        page.press("f").await?;
        page.until("one by hand", "t('branches').dataset.count === '3'").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_shared_link_leads_to_the_very_moment() -> Result<()> {
    on_a_plain_host("moment", async |page, server| {
        page.open(&server.url(PAUSED)).await?;
        play_to(page, 700).await?;
        page.click("kill-1").await?;
        page.until_rows("r1 is down", |rows| !rows[1].up).await?;
        play_to(page, 3_000).await?;
        page.click("select-3").await?;
        let shown = Run::of(page).await?;
        page.click("share").await?;
        page.until("the address has it", "location.hash.includes('&e=') && location.hash.includes('&i=')")
            .await?;
        let link = page.eval("location.hash").await?;
        let link = link.as_str().context("an address")?.to_owned();
        page.open(&server.url(&format!("/{link}"))).await?;
        page.until("it is there", &format!("t('trace-hash').dataset.steps === '{}'", shown.steps)).await?;
        assert_eq!(Run::of(page).await?.hash, shown.hash);
        assert_eq!(page.eval("t('link-problems')").await?, Value::Null);
        page.until_rows("r1 is down", |rows| !rows[1].up).await?;
        page.until("r3 is selected", "t('inspector').dataset.replica === '3'").await?;

        let other = link.replace("seed=7", "seed=8");
        page.open(&server.url(&format!("/{other}"))).await?;
        page.until("another run is told of", "t('link-problems')").await?;
        page.open(&server.url(&format!("/{}", link.replace("&i=", "&i=nonsense")))).await?;
        page.until("a broken code is told of", "t('link-problems')").await?;
        assert_eq!(page.rows().await?.len(), 4, "and the rest is shown");
        Ok(())
    })
    .await
}

/// Where a thing of the network picture is, in the window.
async fn place(page: &Page, kind: &str) -> Result<(f64, f64, String)> {
    page.frames(2).await?;
    let read = format!(
        "(() => {{ const rect = t('network').getBoundingClientRect();
            const item = hotstuff.scene().network.items.find(item => item.tag && item.tag.kind === '{kind}');
            const shape = item && Object.values(item.shape)[0];
            const at = shape && (shape.at || shape.points[0]);
            const half = shape && shape.width ? shape.width / 2 : 0;
            return item && [rect.left + at.x + half, rect.top + at.y + half, item.tag.id] }})()"
    );
    serde_json::from_value(page.eval(&read).await?).with_context(|| format!("there is a {kind}"))
}

async fn drag(page: &Page, path: &[(f64, f64)]) -> Result<()> {
    let to = |(x, y): (f64, f64)| PointerAction::MoveTo { duration: None, x, y };
    let mut actions = MouseActions::new("mouse".into())
        .then(to(path[0]))
        .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT });
    for at in &path[1..] {
        actions = actions.then(to(*at));
    }
    page.perform(actions.then(PointerAction::Up { button: MOUSE_BUTTON_LEFT })).await
}

#[tokio::test]
async fn messages_are_dragged_and_a_line_cuts_replicas_off() -> Result<()> {
    on_a_plain_host("gestures", async |page, server| {
        page.open(&server.url(PAUSED)).await?;
        play_to(page, 900).await?;
        let is_under_way = "hotstuff.scene().network.items.some(item => item.tag && item.tag.kind === 'message')";
        while page.eval(is_under_way).await? == false {
            page.click("step").await?;
            page.frames(3).await?;
        }
        let (x, y, id) = place(page, "message").await?;
        let bin: (f64, f64) = serde_json::from_value(
            page.eval("(rect => [rect.left + 25, rect.bottom - 25])(t('network').getBoundingClientRect())").await?,
        )?;
        drag(page, &[(x, y), ((x + bin.0) / 2.0, (y + bin.1) / 2.0), bin]).await?;
        let is_lost = format!(
            "hotstuff.scene().network.items.some(item => item.tag && item.tag.kind === 'message' && item.tag.id === '{id}'
                && item.tag.note.endsWith('lost'))"
        );
        page.until("the message gets lost", &is_lost).await?;
        page.until_events("fault", |events| events.iter().any(|event| event.text.contains(&format!("drop message {id}"))))
            .await?;
        page.enter("event-search", "").await?;

        let (x, y, _) = place(page, "replica").await?;
        let around = [(-45.0, -55.0), (45.0, -55.0), (45.0, 50.0), (-45.0, 50.0)];
        let around: Vec<(f64, f64)> = around.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
        drag(page, &around).await?;
        page.until("two groups are drawn", "hotstuff.scene().network.items.filter(item => item.tag && item.tag.kind === 'group').length === 2")
            .await?;
        page.until("the drawer of cuts opens", "t('do-heal').checkVisibility()").await?;
        page.click("do-heal").await?;
        page.until("they are gone", "!hotstuff.scene().network.items.some(item => item.tag && item.tag.kind === 'cut')").await?;
        Ok(())
    })
    .await
}

/// Chooses a message, and goes on by single steps until there is one.
async fn choose_message(page: &Page, deed: &str) -> Result<()> {
    for _ in 0..200 {
        page.click("next-message").await?;
        page.frames(12).await?;
        if page.eval(&format!("t('{deed}') !== null")).await? == true {
            return Ok(());
        }
        page.click("step").await?;
        page.frames(12).await?;
    }
    anyhow::bail!("no message can be chosen")
}

#[tokio::test]
async fn every_interference_has_a_button() -> Result<()> {
    on_a_plain_host("deeds", async |page, server| {
        page.open(&server.url(PAUSED)).await?;
        play_to(page, 500).await?;
        page.click("select-2").await?;
        page.until("it is chosen", "t('do-timer')").await?;
        let mut steps = Run::of(page).await?.steps;
        for deed in ["do-timer", "do-skew", "do-fast", "do-corrupt", "do-twin", "do-kill", "do-restart-empty"]
        {
            page.until("it can be done", &format!("t('{deed}')")).await?;
            page.click(deed).await?;
            page.until(
                &format!("{deed} is done"),
                &format!("Number(t('trace-hash').dataset.steps) > {steps}"),
            )
            .await?;
            steps = Run::of(page).await?.steps;
        }
        page.until("a twin is a row of its own", "t('replica-2b')").await?;
        for deed in ["do-delay", "do-hurry", "do-repeat", "do-drop"] {
            choose_message(page, deed).await?;
            page.click(deed).await?;
            page.until(
                &format!("{deed} is done"),
                &format!("Number(t('trace-hash').dataset.steps) > {steps}"),
            )
            .await?;
            steps = Run::of(page).await?.steps;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_dead_leader_is_the_reason_and_the_diagram_shows_it() -> Result<()> {
    on_a_plain_host("why", async |page, server| {
        page.open(&server.url("/#/s/consecutive-leader-trap?v=1&seed=7&speed=10&play=1")).await?;
        page.until("someone waits in vain", "t('view').textContent >= 5").await?;
        page.click("pause").await?;
        page.click("select-1").await?;
        page.until("it is down", "t('why-headline').textContent.startsWith('r1 is down')").await?;
        let steps = Run::of(page).await?.steps;
        page.click("why-go").await?;
        page.until(
            "one goes to when it went down",
            &format!("Number(t('trace-hash').dataset.steps) < {steps}"),
        )
        .await?;
        page.press(END).await?;
        page.eval("t('diagram-drawer').querySelector('summary').click()").await?;
        page.until(
            "it is drawn",
            "hotstuff.scene().diagram.items.some(item => item.tag && item.tag.kind === 'crossing')",
        )
        .await?;
        let span = page.text("diagram-span").await?;
        page.click("diagram-out").await?;
        page.until("more time is shown", &format!("t('diagram-span').textContent !== '{span}'")).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_swarm_breaks_a_cluster_without_a_rule_and_the_run_is_watched() -> Result<()> {
    on_a_plain_host("swarm", async |page, server| {
        page.open(&server.url(PAUSED)).await?;
        page.eval("t('swarm').querySelector('summary').click()").await?;
        page.element("swarm-weakness").await?.select_by_value("quorum-minus-one").await?;
        page.click("swarm-start").await?;
        page.until("it finds something", "t('finding')").await?;
        let hash = page.attribute("finding", "data-hash").await?;
        page.click("finding-open").await?;
        page.until("the run is opened", "location.hash.includes('/s/run')").await?;
        page.element("speed").await?.send_keys(END).await?;
        if page.attribute("transport", "data-playing").await? == "false" {
            page.click("play").await?;
        }
        page.until("it is violated", "t('invariants').dataset.state === 'violated'").await?;
        assert_eq!(page.attribute("trace-hash", "data-hash").await?, hash, "the very run");
        page.until(
            "its name is marked",
            "t('invariant-names').querySelectorAll('[data-broken=true]').length === 1",
        )
        .await?;
        page.click("explain").await?;
        page.until(
            "it is explained",
            "document.querySelectorAll('[data-testid=finding], [data-testid=explained]').length > 0",
        )
        .await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn two_rules_are_shown_beside_each_other_and_go_together() -> Result<()> {
    on_a_plain_host("beside", async |page, server| {
        page.open(&server.url("/#/s/two-chain-beside-three-chain?v=1&seed=7&speed=10&play=1")).await?;
        let shown = "new Set(hotstuff.scene().tree.items.filter(item => item.tag).map(item => item.tag.kind === 'beside'
            ? item.tag.id.split(' ')[0] + ' there' : item.tag.kind + ' here'))";
        page.until("both have blocks", &format!("['block here', 'block there'].every(wanted => ({shown}).has(wanted))")).await?;
        page.click("pause").await?;
        page.press(HOME).await?;
        page.until("both go back", &format!("!({shown}).has('block here') && !({shown}).has('block there')")).await?;
        page.click("beside").await?;
        page.until("one alone", "!hotstuff.scene().network.items.some(item => item.tag?.kind === 'beside')").await?;
        page.click("beside").await?;
        page.until("two again", "hotstuff.scene().network.items.some(item => item.tag?.kind === 'beside')").await?;
        Ok(())
    })
    .await
}
