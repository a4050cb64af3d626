//! What the page is held to, measured in headless Chromium: each figure beside its budget.
//!
//! `cargo xtask budgets` builds what is needed and runs it; nothing else should run meanwhile. Names of what is to be
//! measured, as `budgets seek`, leave the rest out.

use anyhow::{Context as _, Result};
use hotstuff_e2e::{FileServer, Page, built_page, with_page};
use serde_json::json;

/// A figure and its budget.
struct Figure {
    name: String,
    value: f64,
    budget: f64,
    unit: &'static str,
    /// Whether less is better.
    is_most: bool,
}

impl Figure {
    fn most(name: impl Into<String>, value: f64, budget: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, budget, unit, is_most: true }
    }

    fn least(name: impl Into<String>, value: f64, budget: f64, unit: &'static str) -> Self {
        Self { is_most: false, ..Self::most(name, value, budget, unit) }
    }

    fn print(&self) {
        let Self { name, value, budget, unit, is_most } = self;
        let is_met = if *is_most { value <= budget } else { value >= budget };
        let (sign, word) = (if *is_most { "≤" } else { "≥" }, if is_met { "met" } else { "MISSED" });
        println!("{name:<58} {value:>10.1} {unit:<9} {sign} {budget:<8} {word}");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let folder = built_page()?;
    let server = FileServer::of_folder(&folder, "").await?;
    // Cargo adds an option of its own.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    with_page("budgets", async |page| {
        if is_wanted("picture") {
            first_picture(page, &server).await?;
        }
        if is_wanted("simulation") {
            simulation(page, &server).await?;
        }
        for (replicas, throttle, least) in
            [(4, 1, 60.0), (31, 1, 60.0), (100, 1, 30.0), (4, 4, 60.0), (31, 4, 60.0), (100, 4, 30.0)]
        {
            if is_wanted("frames") {
                frames(page, &server, replicas, throttle, least).await?;
            }
        }
        if is_wanted("seek") {
            seek(page, &server).await?;
        }
        Ok(())
    })
    .await
}

/// From the beginning of navigation until the first replica is painted, with nothing cached.
async fn first_picture(page: &Page, server: &FileServer) -> Result<()> {
    let mut took = Vec::new();
    for turn in 0..5 {
        page.devtools("Network.clearBrowserCache", &json!({})).await?;
        page.visit("about:blank").await?;
        page.visit(&server.url(&format!("/?{turn}#/s/sandbox?v=1&seed=7&n=4&play=1"))).await?;
        page.until("a picture is there", "window.hotstuff?.frames().first").await?;
        took.push(page.eval("hotstuff.frames().first").await?.as_f64().context("a time")?);
    }
    took.sort_by(f64::total_cmp);
    Figure::most("first picture, nothing cached (median of 5)", took[2] / 1_000.0, 1.5, "s").print();
    Ok(())
}

/// Simulated seconds per second in a worker: all that a run does, without the page.
async fn simulation(page: &Page, server: &FileServer) -> Result<()> {
    page.open(&server.url("/#/s/sandbox?v=1&seed=7&n=4&play=0")).await?;
    let run = "(async () => { const t0 = performance.now(); const run = await hotstuff.speed(600);
        return [600, (performance.now() - t0) / 1000, run.steps] })()";
    page.eval(run).await?;
    let measured: Vec<f64> = serde_json::from_value(page.eval(run).await?)?;
    let name = format!("simulation, n = 4 ({:.0} steps/s)", measured[2] / measured[1]);
    Figure::least(name, measured[0] / measured[1], 1_000.0, "× real").print();
    Ok(())
}

/// Frames while a run is played.
async fn frames(page: &Page, server: &FileServer, replicas: u16, throttle: u32, least: f64) -> Result<()> {
    page.devtools("Emulation.setCPUThrottlingRate", &json!({ "rate": 1 })).await?;
    page.open(&server.url(&format!("/#/s/sandbox?v=1&seed=7&n={replicas}&speed=0.1&play=1"))).await?;
    page.until("messages are under way", "Number(t('trace-hash').dataset.steps) > 150").await?;
    page.devtools("Emulation.setCPUThrottlingRate", &json!({ "rate": throttle })).await?;
    page.frames(60).await?;
    page.frames(300).await?;
    let read = "(f => { const at = Array.from(f.at).slice(-300), work = Array.from(f.work).slice(-300).sort((a, b) => a - b);
        return [(at.length - 1) * 1000 / (at[at.length - 1] - at[0]), work[Math.floor(work.length * 0.95)]] })(hotstuff.frames())";
    let measured: Vec<f64> = serde_json::from_value(page.eval(read).await?)?;
    page.devtools("Emulation.setCPUThrottlingRate", &json!({ "rate": 1 })).await?;
    let cpu = if throttle > 1 { format!(", {throttle} × slower CPU") } else { String::new() };
    // A screen of 60 Hz is never quite met by a mean.
    let name = format!("frames, n = {replicas}{cpu} (work p95 {:.1} ms)", measured[1]);
    Figure::least(name, measured[0].round(), least, "/s").print();
    Ok(())
}

/// Going to places all over a long run.
async fn seek(page: &Page, server: &FileServer) -> Result<()> {
    const STEPS: u64 = 1_000_000;
    page.open(&server.url(&format!("/#/s/sandbox?v=1&seed=7&n=4&play=0&e={STEPS}"))).await?;
    loop {
        let steps = page.eval("hotstuff.moment().steps").await?;
        if steps == STEPS {
            break;
        }
        page.frames(120).await?;
    }
    page.until("all is drawn", "!hotstuff.moment().busy && Number(t('scrub').max) > 1000").await?;
    let seeks = "(async () => { const took = [], scrub = t('scrub'), max = Number(scrub.max);
        for (let turn = 1; turn <= 100; turn++) {
            const to = Math.floor((turn * 7919 % 1000) / 1000 * max), t0 = performance.now();
            scrub.value = to; scrub.dispatchEvent(new Event('input', { bubbles: true }));
            await new Promise(there => { const look = () => {
                const moment = hotstuff.moment();
                if (!moment.busy && Math.abs(moment.timeUs / 1000 - to) < 1) there(); else setTimeout(look, 1);
            }; look() });
            took.push(performance.now() - t0);
        }
        return took.sort((a, b) => a - b) })()";
    let took: Vec<f64> = serde_json::from_value(page.eval(seeks).await?)?;
    let memory = page.eval("hotstuff.memory()").await?.as_f64().context("a number")? / 1e6;
    let name =
        format!("seek in 1,000,000 steps, p95 (p50 {:.1} ms; {memory:.0} MB held)", took[took.len() / 2]);
    Figure::most(name, took[took.len() * 95 / 100], 50.0, "ms").print();
    Ok(())
}
