//! The page's link: `#/s/sandbox?v=1&seed=7&n=4&speed=0.1&play=0` and `#/live`.

use std::fmt::Write as _;

/// Fewest replicas of a sandbox.
pub const REPLICAS_MIN: u16 = 4;
/// Most replicas of a sandbox.
pub const REPLICAS_MAX: u16 = 10;
/// Slowest speed: simulated seconds per second.
pub const SPEED_MIN: f64 = 0.01;
/// Fastest speed.
pub const SPEED_MAX: f64 = 10.0;

/// Which run a sandbox shows, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sandbox {
    /// Decides everything that is random.
    pub seed: u64,
    /// How many replicas.
    pub replicas: u16,
    /// Simulated seconds per second.
    pub speed: f64,
    /// Whether it plays at once; `None` leaves it to the visitor's settings.
    pub play: Option<bool>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self { seed: 7, replicas: 4, speed: 0.1, play: None }
    }
}

/// What a link shows.
#[derive(Clone, Copy, Debug, PartialEq)]
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
        "" | "/s/sandbox" => {}
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
        other => return Err(format!("“{other}” means nothing here")),
    }
    Ok(())
}

/// The fragment that shows `target` again.
#[must_use]
pub fn write(target: &Target) -> String {
    let Target::Sandbox(Sandbox { seed, replicas, speed, play }) = target else { return "#/live".into() };
    let mut text = format!("#/s/sandbox?v=1&seed={seed}&n={replicas}&speed={}", rounded(*speed));
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
        let sandbox = Sandbox { seed: u64::MAX, replicas: 10, speed: 0.025, play: Some(false) };
        for target in [Target::Sandbox(sandbox), Target::Sandbox(Sandbox::default()), Target::Live] {
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
        let (target, problems) = parse("#/s/sandbox?seed=12&n=3&speed=fast&play=maybe&v=9&rule=two&x");
        assert_eq!(target, Target::Sandbox(Sandbox { seed: 12, ..Sandbox::default() }));
        assert_eq!(problems.len(), 6, "{problems:?}");
        assert!(problems[0].contains("n=3") && problems[4].contains("rule"));
        assert_eq!(parse("#/s/nowhere?seed=5").1.len(), 1);
    }
}
