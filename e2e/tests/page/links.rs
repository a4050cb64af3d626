//! Links and fields with anything in them.

use crate::on_a_plain_host;
use anyhow::Result;
use hotstuff_e2e::Page;
use hotstuff_sim::explore::{Plan, Report, Space};
use hotstuff_sim::{Signatures, Weakness};

/// The page steps: whatever was wrong, it works.
async fn works(page: &Page) -> Result<()> {
    let steps = page.attribute("trace-hash", "data-steps").await?;
    page.click("step").await?;
    page.until("a step is taken", &format!("t('trace-hash').dataset.steps > {steps}")).await?;
    Ok(())
}

#[tokio::test]
async fn a_bad_link_says_what_is_wrong_and_shows_the_rest() -> Result<()> {
    on_a_plain_host("bad-link", async |page, server| {
        let bad: [(&str, &[&str], &str); 7] = [
            ("#/s/nope?seed=abc&n=999&play=0", &["/s/nope", "seed=abc", "n=999"], "7"),
            ("#/s/sandbox?v=1&seed=18446744073709551616&play=0", &["seed=18446744073709551616"], "7"),
            ("#/s/sandbox?seed=-1&n=5&play=0", &["seed=-1"], "7"),
            ("#/s/sandbox?seed=12&n=0&speed=NaN&play=0", &["n=0", "speed=NaN"], "12"),
            ("#/s/sandbox?seed=12&v=2&play=0", &["v=2"], "12"),
            ("#/s/sandbox?seed=12&play=0&<script>alert(1)</script>=%00&&&=", &["script"], "12"),
            ("#/%F0%9F%92%A5??##play=0", &["page"], "7"),
        ];
        for (fragment, wrong, seed) in bad {
            page.open(&server.url(&format!("/{fragment}"))).await?;
            page.until("it names what is wrong", "t('link-problems')").await?;
            let problems = page.text("link-problems").await?;
            for part in wrong {
                assert!(problems.contains(part), "{fragment}: {problems:?} does not name {part}");
            }
            assert_eq!(page.element("seed").await?.prop("value").await?.as_deref(), Some(seed), "{fragment}");
            works(page).await?;
        }
        page.open(&server.url("/#/s/sandbox?v=1&seed=5&n=7&speed=0.5&play=0")).await?;
        assert_eq!(page.eval("t('link-problems')").await?, serde_json::Value::Null);
        assert_eq!(page.rows().await?.len(), 7);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_address_follows_the_fields_and_the_fields_the_address() -> Result<()> {
    on_a_plain_host("address", async |page, server| {
        page.open(&server.url("/#/s/sandbox?v=1&seed=5&n=4&speed=0.5&play=0")).await?;
        works(page).await?;
        page.enter("seed", "99").await?;
        page.until(
            "a new run begins",
            "location.hash.includes('seed=99&') && t('trace-hash').dataset.steps === '0'",
        )
        .await?;
        works(page).await?;
        for nonsense in ["-3", "1.5", "18446744073709551616", "e", ""] {
            page.enter("seed", nonsense).await?;
            page.frames(5).await?;
            let hash = page.eval("location.hash").await?;
            assert!(hash.as_str().is_some_and(|hash| hash.contains("seed=99&")), "{nonsense:?}: {hash}");
            works(page).await?;
        }
        page.element("replica-count").await?.select_by_value("6").await?;
        page.until_rows("there are six", |rows| rows.len() == 6).await?;
        page.until("the address says so", "location.hash.includes('n=6')").await?;

        page.visit(&server.url("/#/s/sandbox?v=1&seed=18446744073709551615&n=5&play=0")).await?;
        page.until_rows("the new address is followed", |rows| rows.len() == 5).await?;
        page.until("the seed is exact", "t('seed').value === '18446744073709551615'").await?;
        page.visit(&server.url("/#/s/nope?n=5")).await?;
        page.until("a bad address in the same document is named", "t('link-problems')").await?;
        Ok(())
    })
    .await
}

/// A run in which replicas without a rule come to a violation.
pub fn violated() -> (Plan, Report) {
    let (weakness, signatures) = (Some(Weakness::QuorumMinusOne), Signatures::Tags);
    let space = Space { weakness, signatures, replicas: Some(4), ..Space::default() };
    let run = |seed| {
        let plan = space.plan(seed);
        let report = plan.run().ok().filter(|report| report.violation.is_some())?;
        Some((plan, report))
    };
    (0..100).find_map(run).expect("without its quorum a cluster does not last for a hundred seeds")
}

#[tokio::test]
async fn a_link_to_a_run_makes_that_run_and_says_where_it_would_not() -> Result<()> {
    on_a_plain_host("planned-run", async |page, server| {
        let (plan, report) = violated();
        for (hash, is_told) in [(report.trace_hash.to_string(), false), ("00000000".into(), true)] {
            let link = format!("/#/s/run?v=1&speed=10&play=1&p={}&h={hash}", plan.to_code());
            page.open(&server.url(&link)).await?;
            page.until("the violation freezes the run", "t('invariants').dataset.state === 'violated'")
                .await?;
            let shown = page.attribute("trace-hash", "data-hash").await?;
            assert_eq!(shown, format!("{:#}", report.trace_hash));
            assert_eq!(page.attribute("trace-hash", "data-steps").await?, report.steps.to_string());
            let problems = page.eval("t('link-problems')").await?;
            assert_eq!(problems != serde_json::Value::Null, is_told, "{problems}");
        }
        Ok(())
    })
    .await
}
