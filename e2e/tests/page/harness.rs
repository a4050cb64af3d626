//! The tests' own eyes: each fault that they look for is found on a page that has it.

use anyhow::Result;
use hotstuff_e2e::{FileServer, Problem, Scheme, with_page};
use std::collections::BTreeMap;

async fn serve(html: &str) -> Result<FileServer> {
    serve_with("", html).await
}

/// Serves a page with these lines in its head, and this in its body.
pub async fn serve_with(head: &str, html: &str) -> Result<FileServer> {
    let page = format!(
        "<!doctype html><meta name=viewport content='width=device-width'>
        <link rel=icon href='data:,'>{head}<body style='margin: 0'>{html}"
    );
    FileServer::start(BTreeMap::from([("/index.html".to_owned(), page.into_bytes())])).await
}

#[tokio::test]
async fn errors_in_the_console_are_noticed() -> Result<()> {
    let server = serve(
        "<script>console.error('first'); setTimeout(() => { throw Error('second') })</script>
        <img src=third.png><script>console.log('routine'); onload = () => loaded = true</script>",
    )
    .await?;
    with_page("console", async |page| {
        page.visit(&server.url("/")).await?;
        page.until("all is loaded", "window.loaded").await?;
        let errors = page.console_errors().await?;
        assert_eq!(errors.len(), 3, "{errors:?}");
        for text in ["first", "second", "third.png"] {
            assert!(errors.iter().any(|entry| entry.message.contains(text)), "{text}: {errors:?}");
        }
        page.announce("as meant");
        page.eval("console.error('as meant')").await?;
        page.eval("console.error('not meant')").await?;
        let errors = page.console_errors().await?;
        assert!(errors.len() == 1 && errors[0].message.contains("not meant"), "{errors:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_error_in_the_console_fails_a_test_that_passes_otherwise() -> Result<()> {
    let server = serve("<script>console.error('unseen')</script>").await?;
    let result = with_page("unseen", async |page| page.visit(&server.url("/")).await).await;
    let error = format!("{:#}", result.expect_err("the console holds an error"));
    assert!(error.contains("unseen"), "{error}");
    Ok(())
}

#[tokio::test]
async fn faults_of_layout_are_noticed() -> Result<()> {
    let server = serve(
        "<style>div { height: 40px } button { width: 60px; height: 30px }</style>
        <div data-testid=a style='width: 100px'><button data-testid=inside>in</button></div>
        <div data-testid=b style='width: 50px; margin-top: -10px'></div>
        <div data-testid=gone style='display: none; margin-top: -40px'></div>
        <div data-testid=c style='width: 500px'></div>
        <button data-testid=beyond style='position: absolute; left: 380px'>out</button>
        <button data-testid=tiny style='width: 60px; height: 10px'></button>",
    )
    .await?;
    with_page("layout", async |page| {
        page.visit(&server.url("/")).await?;
        let controls = ["inside", "beyond", "missing", "gone"];
        let panels = ["a", "inside", "b", "c", "gone"];
        page.resize(400, 300).await?;
        let problems = page.layout_problems(&controls, &panels).await?;
        assert!(matches!(&problems[0], Problem::TooWide(what) if what.contains('c')), "{problems:?}");
        let rest = [
            Problem::OutOfReach("beyond".into()),
            Problem::OutOfReach("missing".into()),
            Problem::OutOfReach("gone".into()),
            Problem::Overlap("a".into(), "b".into()),
            Problem::Small("tiny 60x10".into()),
        ];
        assert_eq!(problems[1..], rest);
        page.resize(600, 300).await?;
        let problems = page.layout_problems(&["beyond"], &["a", "c"]).await?;
        assert_eq!(problems, [Problem::Small("tiny 60x10".into())]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_systems_colours_reach_the_page() -> Result<()> {
    let server =
        serve("<style>:root { background: light-dark(white, black); color-scheme: light dark }</style>")
            .await?;
    with_page("colours", async |page| {
        page.visit(&server.url("/")).await?;
        page.prefer(Scheme::Light, true).await?;
        assert!(page.brightness().await? > 250.0);
        assert_eq!(page.eval("matchMedia('(prefers-reduced-motion: reduce)').matches").await?, true);
        page.prefer(Scheme::Dark, false).await?;
        assert!(page.brightness().await? < 5.0);
        assert_eq!(page.eval("matchMedia('(prefers-reduced-motion: reduce)').matches").await?, false);
        Ok(())
    })
    .await
}
