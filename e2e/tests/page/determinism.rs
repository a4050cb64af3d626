//! The same run everywhere: in the browser and natively, today and tomorrow.

use crate::on_a_plain_host;
use crate::run::{Run, step_to};
use anyhow::{Result, ensure};
use hotstuff_core::{Config, ReplicaId, Span};
use hotstuff_e2e::Page;
use hotstuff_sim::scenarios::{self, Scenario};
use hotstuff_sim::{Intervention, LinkConfig, Signatures, Sim, SimConfig, Workload, reference_run};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

const SEEDS: [u64; 5] = [0, 1, 7, (1 << 53) + 1, u64::MAX];

#[tokio::test]
async fn a_reference_run_has_the_same_hash_natively_and_in_the_browser() -> Result<()> {
    on_a_plain_host("reference", async |page, server| {
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&play=0")).await?;
        let mut hashes = Vec::new();
        for seed in SEEDS {
            let native = reference_run(seed);
            let expected = json!({
                "hash": format!("{:#}", native.hash),
                "steps": native.steps,
                "committed": native.committed.0,
            });
            let found = page.eval(&format!("window.hotstuff.referenceRun('{seed}')")).await?;
            assert_eq!(found, expected, "seed {seed}");
            hashes.push(native.hash);
        }
        hashes.dedup();
        assert_eq!(hashes.len(), SEEDS.len(), "each seed makes another run");
        let by_number = page.eval("window.hotstuff.referenceRun(7).then(run => run.hash)").await?;
        let by_bigint = page.eval("window.hotstuff.referenceRun(7n).then(run => run.hash)").await?;
        assert_eq!((&by_number, &by_bigint), (&json!(format!("{:#}", hashes[2])), &by_number));

        page.eval("t('reference-run').closest('details').querySelector('summary').click()").await?;
        page.click("reference-run").await?;
        page.until("the button's run is done", "t('reference-hash').dataset.hash").await?;
        assert_eq!(json!(page.attribute("reference-hash", "data-hash").await?), by_number);
        for nonsense in ["-1", "'seven'", "1.5", "2n ** 64n", "undefined", "null", "{}"] {
            let run = format!("hotstuff.referenceRun({nonsense}).catch(error => error instanceof Error)");
            assert_eq!(page.eval(&run).await?, true, "{nonsense} is refused");
        }
        Ok(())
    })
    .await
}

/// How many runs of scenarios are compared, and how many at a time.
const COMPARED: u64 = 1_000;
const BATCH: u64 = 10;

#[tokio::test]
async fn a_thousand_seeds_of_all_scenarios_have_the_same_hashes_natively_and_in_the_browser() -> Result<()> {
    on_a_plain_host("scenarios", async |page, server| {
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&play=0")).await?;
        for first in (0..COMPARED).step_by(usize::try_from(BATCH)?) {
            let native = spawn_blocking(move || (first..first + BATCH).map(traced).collect::<Vec<Value>>());
            let found = page.eval(&format!("window.hotstuff.scenarioHashes({first}, {BATCH})")).await?;
            let expected = native.await?;
            if found != json!(expected) {
                let found = found.as_array().map_or(&[][..], Vec::as_slice);
                let at = expected.iter().zip(found).take_while(|(one, other)| one == other).count() as u64;
                let seed = first + at;
                let difference = first_difference(page, scenarios::of_seed(seed), seed, seed).await?;
                panic!("{}, seed {seed}: {difference}", scenarios::of_seed(seed).name);
            }
        }
        Ok(())
    })
    .await
}

fn traced(seed: u64) -> Value {
    let (hash, steps) = scenarios::trace_hash(scenarios::of_seed(seed), seed);
    json!({ "hash": format!("{hash:#}"), "steps": steps })
}

/// Where a run in the browser first differs from a native one, in the words of both.
async fn first_difference(
    page: &Page,
    scenario: &'static Scenario,
    seed: u64,
    native_seed: u64,
) -> Result<String> {
    let name = scenario.name;
    let found = page
        .eval(&format!("window.hotstuff.stepHashes('{name}', '{seed}').then(hashes => Array.from(hashes))"))
        .await?;
    let found: Vec<u32> = serde_json::from_value(found)?;
    let native = scenarios::step_hashes(scenario, native_seed);
    let at = native.iter().zip(&found).take_while(|(one, other)| one == other).count();
    ensure!(at < native.len().max(found.len()), "all {at} steps are the same");
    let in_browser = page.eval(&format!("window.hotstuff.stepText('{name}', '{seed}', {at})")).await?;
    let in_browser = in_browser.as_str().unwrap_or("nothing").to_owned();
    let natively = scenarios::step_text(scenario, native_seed, at).unwrap_or_else(|| "nothing".into());
    Ok(format!("step {at} is natively\n{natively}\nand in the browser\n{in_browser}"))
}

#[tokio::test]
async fn the_first_step_that_differs_is_named_in_both_words() -> Result<()> {
    on_a_plain_host("difference", async |page, server| {
        page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&play=0")).await?;
        for scenario in scenarios::all() {
            let same = first_difference(page, scenario, u64::MAX, u64::MAX).await;
            assert!(
                same.is_err_and(|why| why.to_string().ends_with(" steps are the same")),
                "{}",
                scenario.name
            );
        }
        let scenario = scenarios::of_seed(0);
        assert_eq!(scenario.name, "happy-path");
        let (seven, eight) = (scenarios::step_hashes(scenario, 7), scenarios::step_hashes(scenario, 8));
        let at = seven.iter().zip(&eight).take_while(|(one, other)| one == other).count();
        let words = |seed| scenarios::step_text(scenario, seed, at).expect("both runs go on");
        let said = first_difference(page, scenario, 8, 7).await?;
        let expected = format!("step {at} is natively\n{}\nand in the browser\n{}", words(7), words(8));
        assert_eq!(said, expected);
        let refused = ["stepHashes('nothing', 1)", "stepText('happy-path', -1, 0)", "scenarioHashes('x', 1)"];
        for nonsense in refused {
            let run = format!("hotstuff.{nonsense}.catch(error => error instanceof Error)");
            assert_eq!(page.eval(&run).await?, true, "{nonsense} is refused");
        }
        assert_eq!(
            page.eval("hotstuff.stepText('happy-path', 1, 1e6).then(text => text === undefined)").await?,
            true
        );
        Ok(())
    })
    .await
}

/// What `v=1` of a link stands for, beside its seed and number of replicas. If this changes, every
/// link that people have shared shows another run: then it takes another `v`.
fn linked(seed: u64, replicas: u16) -> SimConfig {
    let replica = Config {
        timeout_min_us: Span::millis(400),
        timeout_max_us: Span::millis(6_400),
        retransmit_us: Span::millis(400),
        heartbeat_us: Span::millis(500),
        retained_blocks: 64,
        snapshot_blocks: 128,
        ..Config::default()
    };
    let links = LinkConfig {
        delay_min_us: Span::millis(20),
        delay_max_us: Span::millis(60),
        ..LinkConfig::default()
    };
    let workload = Workload { commands: u64::MAX, interval_us: Span::millis(600), ..Workload::default() };
    let signatures = Signatures::Tags;
    SimConfig { seed, replicas, links, replica, workload, signatures, ..SimConfig::default() }
}

fn stand(sim: &Sim) -> Run {
    Run { hash: format!("{:#}", sim.trace_hash()), steps: sim.steps(), time_us: sim.now().0 }
}

#[tokio::test]
async fn a_link_shows_the_same_run_each_time_and_the_one_that_runs_natively() -> Result<()> {
    on_a_plain_host("link", async |page, server| {
        for (seed, replicas) in [(42, 4), (u64::MAX, 7)] {
            let mut native = Sim::new(linked(seed, replicas))?;
            let link = server.url(&format!("/#/s/sandbox?v=1&seed={seed}&n={replicas}&play=0"));
            page.open(&link).await?;
            assert_eq!(page.rows().await?.len(), usize::from(replicas));
            page.click("step-commit").await?;
            page.until("a block is committed", "Number(t('committed-height').textContent) === 1").await?;
            let first = Run::of(page).await?;
            while native.steps() < first.steps {
                native.step().expect("there is always a next step");
            }
            assert_eq!(first, stand(&native), "up to the first commit");
            let heights = native.hosts().map(|host| host.status.committed_head.height.0);
            assert_eq!(heights.max(), Some(1));

            page.open(&link).await?;
            assert_eq!(Run::of(page).await?.steps, 0, "a new document begins anew");
            page.click("step-commit").await?;
            page.until("a block is committed", "Number(t('committed-height').textContent) === 1").await?;
            assert_eq!(Run::of(page).await?, first, "once more, the same");

            page.click("kill-1").await?;
            page.until_rows("it is down", |rows| !rows[1].up).await?;
            native.intervene(Intervention::Kill(ReplicaId(1).into()))?;
            assert_eq!(Run::of(page).await?, stand(&native), "an intervention is a step of the run");
            let run = step_to(page, first.steps + 12).await?;
            while native.steps() < run.steps {
                native.step().expect("there is always a next step");
            }
            assert_eq!(run, stand(&native), "after an intervention");
        }
        Ok(())
    })
    .await
}
