//! The tests' own eyes for what is hard to use: each fault is found on a page that has it.

use crate::harness::serve_with;
use anyhow::Result;
use hotstuff_e2e::{Stop, Way, with_page};
use std::collections::BTreeSet;

// The page may run no script by itself, and the tests' scripts run all the same.
#[tokio::test]
async fn what_is_not_accessible_is_noticed() -> Result<()> {
    let server = serve_with(
        "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">",
        "<p style='color: #bbb; background: white'>pale</p><input><button></button>
        <button style='width: 9px; height: 9px; padding: 0'>x</button><button style='width: 9px'>y</button>",
    )
    .await?;
    with_page("not-accessible", async |page| {
        page.visit(&server.url("/")).await?;
        let violations = page.accessibility_violations().await?;
        let rules: BTreeSet<&str> = violations.iter().map(|violation| violation.rule.as_str()).collect();
        let expected =
            ["button-name", "color-contrast", "document-title", "html-has-lang", "label", "target-size"];
        assert_eq!(rules, BTreeSet::from(expected), "{violations:#?}");
        let pale = violations.iter().find(|violation| violation.rule == "color-contrast").expect("one is");
        assert!(pale.target == "p" && pale.summary.contains("contrast"), "{pale}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_focus_that_is_not_seen_is_noticed() -> Result<()> {
    let server = serve_with(
        "",
        "<style>button:focus-visible { outline: 2px solid black } button { width: 90px; height: 30px; margin: 9px }</style>
        <button data-testid=good>good</button><button tabindex=-1>not by Tab</button>
        <button data-testid=bare style='outline: none'>bare</button>
        <button data-testid=faint style='outline-color: #eee'>faint</button>
        <div style='overflow: hidden; width: 90px; height: 40px'>
        <button data-testid=cut style='margin: 0'>cut</button></div>
        <div><button data-testid=under>under</button>
        <p data-testid=lid style='margin: -45px 0 0; height: 60px; background: white; position: relative'>lid</p></div>",
    )
    .await?;
    with_page("unseen-focus", async |page| {
        page.visit(&server.url("/")).await?;
        let stop = |name: &str, problem: Option<&str>| Stop {
            name: name.into(),
            problems: problem.map(str::to_owned).into_iter().collect(),
        };
        let expected = [
            stop("good", None),
            stop("bare", Some("has no outline")),
            stop("faint", Some("has an outline of too little contrast: rgb(238, 238, 238) on Canvas")),
            stop("cut", Some("has an outline cut off by div “cut”")),
            stop("under", Some("lies below lid")),
        ];
        assert_eq!(page.reachable().await?, expected.clone().map(|stop| stop.name));
        assert_eq!(page.walk(Way::Forward).await?, expected);
        let back: BTreeSet<String> = page.walk(Way::Back).await?.into_iter().map(|stop| stop.name).collect();
        assert_eq!(back, BTreeSet::from(expected.map(|stop| stop.name)));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_trap_for_the_focus_is_noticed() -> Result<()> {
    let server = serve_with(
        "",
        "<button>1</button><input aria-label=2 onkeydown='if (event.key === `Tab`) event.preventDefault()'>
        <button>3</button>",
    )
    .await?;
    with_page("trap", async |page| {
        page.visit(&server.url("/")).await?;
        let stops = page.walk(Way::Forward).await?;
        assert!(page.reachable().await?.len() == 3 && stops.len() == 2, "{stops:#?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn memory_that_is_held_on_to_is_noticed() -> Result<()> {
    let server = serve_with("", "<script>hotstuff = { memory: () => 65536 }</script>").await?;
    with_page("memory-held", async |page| {
        page.visit(&server.url("/")).await?;
        let before = page.memory().await?;
        page.eval(
            "window.held = [Array.from({ length: 1e6 }, (_, i) => i / 3),
            Array.from({ length: 1000 }, () => document.createElement('p'))].length",
        )
        .await?;
        assert!(page.memory().await?.heap < before.heap + 1_000_000, "the length alone is held");
        page.eval(
            "(window.held = [Array.from({ length: 1e6 }, (_, i) => i / 3),
            Array.from({ length: 1000 }, () => document.createElement('p'))]).length",
        )
        .await?;
        let held = page.memory().await?;
        assert!(held.heap > before.heap + 7_000_000, "{before:?} {held:?}");
        assert!(held.nodes >= before.nodes + 1_000, "{before:?} {held:?}");
        assert_eq!((before.wasm, held.wasm), (65_536, 65_536));
        Ok(())
    })
    .await
}
