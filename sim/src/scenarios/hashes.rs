//! What to compare platforms by: the same scenario and seed give the same hashes on each, or the
//! simulator is not deterministic. Where they differ, the first step that does can be named.

use super::{Run, Scenario, all};
use hotstuff_core::crypto::Digest;
use sha2::{Digest as _, Sha256};

/// Which scenario a seed stands for where many seeds are to cover all of them.
#[must_use]
pub fn of_seed(seed: u64) -> &'static Scenario {
    let count = all().len() as u64;
    &all()[usize::try_from(seed % count).expect("it is below the number of scenarios")]
}

/// The trace hash of a scenario's run, or of its runs one after the other, and how many steps there
/// were.
#[must_use]
pub fn trace_hash(scenario: &'static Scenario, seed: u64) -> (Digest, u64) {
    let runs = scenario.played(seed, None);
    let steps = runs.iter().map(|run| run.sim().steps()).sum();
    let hashes: Vec<Digest> = runs.iter().map(|run| run.sim().trace_hash()).collect();
    let hash = match hashes[..] {
        [hash] => hash,
        _ => {
            let mut hasher = Sha256::new_with_prefix(b"hotstuff/1/traces\0");
            hashes.iter().for_each(|hash| hasher.update(hash.0));
            Digest(hasher.finalize().into())
        }
    };
    (hash, steps)
}

/// After each step, the first four bytes of the trace hash so far. Runs follow each other.
#[must_use]
pub fn step_hashes(scenario: &'static Scenario, seed: u64) -> Vec<u32> {
    let mut hashes = Vec::new();
    for mut run in scenario.runs(seed, None) {
        while !run.is_over() && run.step().is_some() {
            let Digest([a, b, c, d, ..]) = run.sim().trace_hash();
            hashes.push(u32::from_be_bytes([a, b, c, d]));
        }
    }
    hashes
}

/// The step at this place of [`step_hashes`], in words.
#[must_use]
pub fn step_text(scenario: &'static Scenario, seed: u64, index: usize) -> Option<String> {
    let steps = |mut run: Run| std::iter::from_fn(move || if run.is_over() { None } else { run.step() });
    let step = scenario.runs(seed, None).into_iter().flat_map(steps).nth(index)?;
    Some(step.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_in_a_row_cover_all_scenarios() {
        let count = all().len() as u64;
        let numbers: Vec<u8> = (count..2 * count).map(|seed| of_seed(seed).number).collect();
        assert_eq!(numbers, all().iter().map(|scenario| scenario.number).collect::<Vec<u8>>());
    }

    #[test]
    fn the_hash_of_one_run_is_its_trace_hash_and_that_of_two_is_of_both() {
        let scenario = |runs: usize| all().iter().find(|one| one.scripts.len() == runs).unwrap();
        let run = scenario(1).played(5, None).pop().unwrap();
        assert_eq!(trace_hash(scenario(1), 5), (run.sim().trace_hash(), run.sim().steps()));
        let runs = scenario(2).played(5, None);
        let (hash, steps) = trace_hash(scenario(2), 5);
        assert_eq!(steps, runs.iter().map(|run| run.sim().steps()).sum::<u64>());
        assert!(runs.iter().all(|run| run.sim().trace_hash() != hash));
    }

    #[test]
    fn each_step_has_a_hash_and_words_of_its_own() {
        for scenario in [&all()[0], all().last().unwrap()]
            .into_iter()
            .chain(all().iter().find(|one| one.scripts.len() == 2))
        {
            let (hash, steps) = trace_hash(scenario, 3);
            let hashes = step_hashes(scenario, 3);
            assert_eq!(hashes.len() as u64, steps);
            if scenario.scripts.len() == 1 {
                assert_eq!(hashes.last().unwrap().to_be_bytes(), hash.0[..4]);
            }
            assert_ne!(hashes, step_hashes(scenario, 4));
            assert!(step_text(scenario, 3, 0).unwrap().starts_with("0 at 0.000 ms, "));
            assert!(step_text(scenario, 3, hashes.len() - 1).is_some());
            assert_eq!(step_text(scenario, 3, hashes.len()), None);
        }
    }
}
