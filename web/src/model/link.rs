//! The page's link: `#/s/sandbox?v=1&seed=7&n=4&speed=0.1&play=0`, `#/s/run?v=1&i=…&h=…` for a planned
//! run, and `#/live`.

use hotstuff_sim::explore::Plan;
use std::fmt::Write as _;
use std::rc::Rc;

/// Fewest replicas of a sandbox.
pub const REPLICAS_MIN: u16 = 4;
/// Most replicas of a sandbox.
pub const REPLICAS_MAX: u16 = 10;
/// Slowest speed: simulated seconds per second.
pub const SPEED_MIN: f64 = 0.01;
/// Fastest speed.
pub const SPEED_MAX: f64 = 10.0;

/// Which run a sandbox shows, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Sandbox {
    /// Decides everything that is random.
    pub seed: u64,
    /// How many replicas.
    pub replicas: u16,
    /// Simulated seconds per second.
    pub speed: f64,
    /// Whether it plays at once; `None` leaves it to the visitor's settings.
    pub play: Option<bool>,
    /// A run that is planned, with a config of its own; none: the usual one.
    pub plan: Option<Planned>,
}

/// A planned run, as its link names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The run.
    pub plan: Rc<Plan>,
    /// How the trace hash of the whole run begins, where the link says so.
    pub hash: Option<String>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self { seed: 7, replicas: 4, speed: 0.1, play: None, plan: None }
    }
}

/// What a link shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A run in the sandbox.
    Sandbox(Sandbox),
    /// The cluster that serves the page.
    Live,
}

/// Reads a link's fragment. What is not valid is left at its default and named.
#[must_use]
pub fn parse(fragment: &str) -> (Target, Vec<String>) {
    let fragment = fragment.trim_start_matches('#');
    let (path, query) = fragment.split_once('?').unwrap_or((fragment, ""));
    let mut problems = Vec::new();
    match path.trim_end_matches('/') {
        "/live" => return (Target::Live, problems),
        "" | "/s/sandbox" | "/s/run" => {}
        other => problems.push(format!("“{other}” is no page here: this is the sandbox")),
    }
    let mut sandbox = Sandbox::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let Err(problem) = apply(&mut sandbox, name, value) {
            problems.push(problem);
        }
    }
    (Target::Sandbox(sandbox), problems)
}

fn apply(sandbox: &mut Sandbox, name: &str, value: &str) -> Result<(), String> {
    match name {
        "v" if value == "1" => {}
        "v" => return Err(format!("v={value}: this page reads version 1")),
        "seed" => {
            sandbox.seed = value.parse().map_err(|_| format!("seed={value}: a whole number up to 2^64-1"))?;
        }
        "n" => {
            let count = value.parse().ok().filter(|count| (REPLICAS_MIN..=REPLICAS_MAX).contains(count));
            sandbox.replicas = count.ok_or(format!("n={value}: from {REPLICAS_MIN} to {REPLICAS_MAX}"))?;
        }
        "speed" => {
            let speed = value.parse().ok().filter(|speed| (SPEED_MIN..=SPEED_MAX).contains(speed));
            sandbox.speed = speed.ok_or(format!("speed={value}: from {SPEED_MIN} to {SPEED_MAX}"))?;
        }
        "play" if value == "0" || value == "1" => sandbox.play = Some(value == "1"),
        "play" => return Err(format!("play={value}: 0 or 1")),
        "rule" => {} // the plan says it
        "i" => {
            let plan = Plan::from_code(value).map_err(|why| format!("the run in this link: {why}"))?;
            (sandbox.seed, sandbox.replicas) = (plan.config.seed, plan.config.replicas);
            let hash = sandbox.plan.take().and_then(|planned| planned.hash);
            sandbox.plan = Some(Planned { plan: Rc::new(plan), hash });
        }
        "h" => {
            if let Some(planned) = &mut sandbox.plan {
                planned.hash = Some(value.into());
            }
        }
        other => return Err(format!("“{other}” means nothing here")),
    }
    Ok(())
}

/// The fragment that shows `target` again.
#[must_use]
pub fn write(target: &Target) -> String {
    let Target::Sandbox(Sandbox { seed, replicas, speed, play, plan }) = target else {
        return "#/live".into();
    };
    let place = if plan.is_some() { "run" } else { "sandbox" };
    let mut text = format!("#/s/{place}?v=1&seed={seed}&n={replicas}&speed={}", rounded(*speed));
    if let Some(Planned { plan, hash }) = plan {
        let _ = write!(text, "&i={}", plan.to_code());
        if let Some(hash) = hash {
            let _ = write!(text, "&h={hash}");
        }
    }
    if let Some(play) = play {
        let _ = write!(text, "&play={}", u8::from(*play));
    }
    text
}

/// A speed with as many digits as it needs.
#[must_use]
pub fn rounded(speed: f64) -> f64 {
    let digits = if speed < 0.1 { 1_000.0 } else { 100.0 };
    (speed * digits).round() / digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_was_written_reads_the_same() {
        let sandbox = Sandbox { seed: u64::MAX, replicas: 10, speed: 0.025, play: Some(false), plan: None };
        let plan = Rc::new(hotstuff_sim::explore::Space::default().plan(3));
        let (seed, replicas) = (plan.config.seed, plan.config.replicas);
        let plan = Some(Planned { plan, hash: Some("0123abcd".into()) });
        let planned = Sandbox { seed, replicas, plan, ..Sandbox::default() };
        let all = [sandbox, planned, Sandbox::default()].map(Target::Sandbox);
        for target in all.into_iter().chain([Target::Live]) {
            assert_eq!(parse(&write(&target)), (target, vec![]));
        }
    }

    #[test]
    fn no_fragment_is_the_sandbox() {
        for fragment in ["", "#", "#/", "#/s/sandbox"] {
            assert_eq!(parse(fragment), (Target::Sandbox(Sandbox::default()), vec![]), "{fragment}");
        }
    }

    #[test]
    fn what_is_valid_applies_and_the_rest_is_named() {
        let (target, problems) = parse("#/s/sandbox?seed=12&n=3&speed=fast&play=maybe&v=9&i=AAAA&x");
        assert_eq!(target, Target::Sandbox(Sandbox { seed: 12, ..Sandbox::default() }));
        assert_eq!(problems.len(), 6, "{problems:?}");
        assert!(problems[0].contains("n=3") && problems[4].contains("the run in this link"));
        assert_eq!(parse("#/s/nowhere?seed=5").1.len(), 1);
    }
}
