//! `hotstuff-fuzz TARGET [SECONDS] [SEED]`: runs a target on ever new bytes, which it leaves in
//! `failed.bin` where a run fails. `hotstuff-fuzz TARGET FILE` runs it once more.

use anyhow::{Context as _, Result};
use hotstuff_fuzz::{Driver, TARGETS, samples};
use std::path::Path;
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().context("hotstuff-fuzz TARGET [SECONDS | FILE] [SEED]")?;
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.with_context(|| format!("no target {name}: decode, verify, replica"))?;
    let how = arguments.next().unwrap_or_else(|| "60".into());
    if Path::new(&how).exists() {
        (target.run)(&std::fs::read(&how)?);
        println!("{how} passes");
        return Ok(());
    }
    let seconds: u64 = how.parse().with_context(|| format!("{how} is no file and no number of seconds"))?;
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let mut driver = Driver::new(seed, if target.has_form { samples() } else { Vec::new() });
    let (start, mut count) = (Instant::now(), 0u64);
    while start.elapsed() < Duration::from_secs(seconds) {
        let bytes = driver.bytes(target);
        std::fs::write("failed.bin", &bytes)?; // a panic may abort the process
        (target.run)(&bytes);
        count += 1;
    }
    std::fs::remove_file("failed.bin")?;
    println!("{name}: {count} runs from seed {seed}");
    Ok(())
}
