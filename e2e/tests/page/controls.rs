//! Pictures, keys and the smaller controls.

use crate::on_a_plain_host;
use crate::run::Run;
use anyhow::{Context as _, Result};
use hotstuff_e2e::Page;
use serde::Deserialize;

const DOWN: &str = "\u{e015}";
const PAUSED: &str = "/#/s/sandbox?v=1&seed=7&n=4&speed=0.1&play=0";

/// What a shape of a picture stands for, and where it is.
#[derive(Debug, Deserialize)]
struct Shown {
    kind: String,
    id: String,
    note: String,
    /// Of circles, their centre.
    at: Option<(f64, f64)>,
}

/// What a picture was last painted with.
async fn shown(page: &Page, picture: &str, kind: &str) -> Result<Vec<Shown>> {
    // Two frames: one paints what was changed last.
    page.frames(2).await?;
    let read = format!(
        "hotstuff.scene().{picture}.items.filter(item => item.tag).map(({{ tag, shape }}) => ({{
            ...tag, at: shape.circle ? [shape.circle.at.x, shape.circle.at.y] : null }}))"
    );
    let mut shown: Vec<Shown> = serde_json::from_value(page.eval(&read).await?)?;
    shown.retain(|shown| shown.kind == kind);
    Ok(shown)
}

#[tokio::test]
async fn the_pictures_show_what_the_table_says() -> Result<()> {
    on_a_plain_host("pictures", async |page, server| {
        page.open(&server.url(PAUSED)).await?;
        for height in 1..=3 {
            page.click("step-commit").await?;
            page.until("a block is committed", &format!("t('committed-height').textContent === '{height}'"))
                .await?;
        }
        let rows = page.rows().await?;
        let leader = rows.iter().filter(|row| row.leader).max_by_key(|row| row.view).context("a leader")?;
        let replicas = shown(page, "network", "replica").await?;
        assert_eq!(replicas.iter().map(|shown| shown.id.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
        let leading: Vec<&str> = replicas
            .iter()
            .filter(|shown| shown.note == "up, leader")
            .map(|shown| shown.id.as_str())
            .collect();
        assert_eq!(leading, [leader.id.to_string()]);
        assert!(!shown(page, "network", "message").await?.is_empty(), "messages are on their way");
        let blocks = shown(page, "tree", "block").await?;
        let committed = blocks.iter().filter(|shown| shown.note == "committed").count();
        assert_eq!((committed, blocks.len() > committed), (3, true), "and later ones are not committed yet");
        let head = &rows.iter().max_by_key(|row| row.height).context("four")?.head;
        assert!(blocks.iter().any(|shown| shown.id == *head && shown.note == "committed"), "{head}");

        let (x, y) = replicas[2].at.context("replicas are circles")?;
        page.click_at("network", x, y).await?;
        page.until("it is selected", "t('inspector').dataset.replica === '2'").await?;
        page.click("kill-2").await?;
        page.until_rows("it is down", |rows| !rows[2].up).await?;
        let replicas = shown(page, "network", "replica").await?;
        assert!(!replicas[2].note.starts_with("up"), "{replicas:?}");
        assert!(replicas[1].note.starts_with("up"), "{replicas:?}");
        Ok(())
    })
    .await
}

const SPACE: &str = " ";
const SHIFT: &str = "\u{e008}";
const CONTROL: &str = "\u{e009}";
const ESCAPE: &str = "\u{e00c}";
const HOME: &str = "\u{e011}";
const UP: &str = "\u{e013}";
const RIGHT: &str = "\u{e014}";

#[tokio::test]
async fn a_run_is_driven_by_keys_alone() -> Result<()> {
    on_a_plain_host("keys", async |page, server| {
        page.open(&server.url(PAUSED)).await?;
        page.press(RIGHT).await?;
        page.until("a step is taken", "t('trace-hash').dataset.steps === '1'").await?;
        page.press(&format!("{SHIFT}{RIGHT}")).await?;
        page.until("a view is entered", "t('view').textContent === '2'").await?;
        page.press(&format!("{CONTROL}{RIGHT}")).await?;
        page.until("a block is committed", "t('committed-height').textContent === '1'").await?;
        page.press("3").await?;
        page.until("a replica is selected", "t('inspector').dataset.replica === '3'").await?;
        page.press("k").await?;
        page.until_rows("it is killed", |rows| !rows[3].up).await?;
        page.press("k").await?;
        page.until_rows("it is up again", |rows| rows[3].up).await?;
        page.press(UP).await?;
        page.until("it is faster", "Number(t('speed').dataset.speed) > 0.1").await?;
        let before = Run::of(page).await?;
        page.press(SPACE).await?;
        page.until("it plays", &format!("t('trace-hash').dataset.steps > {}", before.steps)).await?;
        page.press(SPACE).await?;
        page.until("it is paused", "t('transport').dataset.playing === 'false'").await?;
        page.press(HOME).await?;
        page.until("it begins anew", "t('trace-hash').dataset.steps === '0'").await?;

        page.press("?").await?;
        page.until("help is shown", "t('help-dialog')").await?;
        page.press(ESCAPE).await?;
        page.until("help is gone", "!t('help-dialog')").await?;
        page.press("c").await?;
        page.until("commands are typed", "document.activeElement === t('command-input')").await?;
        page.press("k 3 ?").await?;
        assert_eq!(page.eval("t('command-input').value").await?, "k 3 ?", "letters are text there");
        assert!(page.rows().await?[3].up, "and nothing else");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_theme_is_kept_and_the_events_are_narrowed() -> Result<()> {
    on_a_plain_host("theme", async |page, server| {
        page.open(&server.url(PAUSED)).await?;
        for (theme, is_bright) in [("light", true), ("dark", false)] {
            page.click("theme").await?;
            page.until("the theme changes", &format!("t('app').dataset.theme === '{theme}'")).await?;
            assert_eq!(page.brightness().await? > 128.0, is_bright, "{theme}");
        }
        page.open(&server.url(PAUSED)).await?;
        assert_eq!(page.attribute("app", "data-theme").await?, "dark", "also in a new document");

        page.click("step-commit").await?;
        page.until("a block is committed", "t('committed-height').textContent === '1'").await?;
        page.until("its events are listed", "t('event-log').querySelector('[data-kind=committed]')").await?;
        let all = page.number("event-count").await?;
        page.element("event-replica").await?.select_by_value("1").await?;
        page.until("fewer are shown", &format!("Number(t('event-count').textContent) < {all}")).await?;
        let events = page.events().await?;
        assert!(!events.is_empty() && events.iter().all(|event| event.replica == Some(1)), "{events:?}");
        assert_eq!(events.len() as u64, page.number("event-count").await?);
        assert!(events.is_sorted_by(|newer, older| newer.time_us >= older.time_us), "newest first");
        let voted = page.until_events("voted", |events| !events.is_empty()).await?;
        assert!(
            voted.iter().all(|event| event.replica == Some(1) && event.text.contains("voted for")),
            "{voted:?}"
        );
        page.enter("event-search", "").await?;
        page.element("event-level").await?.select_by_value("info").await?;
        page.until(
            "only what matters is left",
            "t('event-log').querySelector('[data-level=debug]') === null",
        )
        .await?;
        let events = page.events().await?;
        assert!(!events.is_empty() && events.iter().all(|event| event.replica == Some(1)), "{events:?}");
        page.element("event-level").await?.select_by_value("error").await?;
        page.until("nothing is that grave", "t('event-count').textContent === '0'").await?;
        page.element("event-level").await?.select_by_value("debug").await?;
        page.enter("event-search", "no event says this").await?;
        page.until("none is left", "t('event-count').textContent === '0'").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_pictures_share_the_height_as_one_likes() -> Result<()> {
    on_a_plain_host("splitter", async |page, server| {
        page.resize(1440, 900).await?;
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&play=0")).await?;
        let height = async || -> Result<f64> {
            page.eval("t('network').clientHeight").await?.as_f64().context("a height")
        };
        let first = height().await?;
        page.eval("(t('splitter').focus(), true)").await?;
        page.press(DOWN).await?;
        page.until("it grows", &format!("t('network').clientHeight > {first} + 20")).await?;
        assert_eq!(page.attribute("splitter", "aria-valuenow").await?, "7");
        assert_eq!(page.attribute("speed", "data-speed").await?, "0.1", "the key is the splitter's");
        page.eval(
            "(bar => { const { x, y } = bar.getBoundingClientRect();
                const at = (kind, up) => bar.dispatchEvent(new PointerEvent(kind,
                    { bubbles: true, buttons: 1, pointerId: 1, clientX: x + 40, clientY: y - up }));
                at('pointermove', 200); return true })(t('splitter'))",
        )
        .await?;
        page.until("it shrinks", &format!("t('network').clientHeight < {first} - 20")).await?;
        let share = page.attribute("splitter", "aria-valuenow").await?;
        page.open(&server.url("/?again#/s/sandbox?v=1&seed=8&n=4&play=0")).await?;
        assert_eq!(page.attribute("splitter", "aria-valuenow").await?, share, "it is kept");
        Ok(())
    })
    .await
}
