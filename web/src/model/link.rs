//! The page's link: `#/s/<scenario>?v=1&seed=7&n=4&rule=two-chain&i=…&e=120&h=…`, and `#/live`.

use hotstuff_core::{CommitRule, Power};
use hotstuff_sim::{Weakness, scenarios};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Fewest replicas of a sandbox.
pub const REPLICAS_MIN: u16 = 1;
/// Most replicas of a sandbox.
pub const REPLICAS_MAX: u16 = hotstuff_sim::REPLICAS_MAX;
/// Slowest speed: simulated seconds per second.
pub const SPEED_MIN: f64 = 0.01;
/// Fastest speed.
pub const SPEED_MAX: f64 = 100.0;
/// Most replicas that wait to be added.
pub const JOINERS_MAX: u16 = 3;
/// The greatest voting power of a replica.
pub const POWER_MAX: u64 = 100;

/// What is played.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// A cluster that nobody directs.
    #[default]
    Free,
    /// A lesson by its name, and which of its scripts.
    Lesson(String, u8),
    /// A plan, as its code.
    Plan(String),
}

/// Which run a sandbox shows, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sandbox {
    /// What is played.
    pub piece: Piece,
    /// Decides everything that is random.
    pub seed: u64,
    /// How many replicas, where nobody directs.
    pub replicas: u16,
    /// The commit rule; `None` leaves it as the piece has it.
    pub rule: Option<CommitRule>,
    /// Voting power by ascending id, where nobody directs; 1 for those that are not named.
    pub powers: Vec<Power>,
    /// How many more replicas wait to be added to the committee, where nobody directs.
    pub joiners: u16,
    /// A rule that all replicas do without, where nobody directs.
    pub weakness: Option<Weakness>,
    /// What a visitor did, as its code.
    pub visits: Option<String>,
    /// After how many steps it is shown; none: at the beginning.
    pub event: Option<u64>,
    /// How the trace hash begins there, where the link says so.
    pub hash: Option<String>,
    /// What is selected, as its link names it.
    pub selection: Option<String>,
    /// Simulated seconds per second.
    pub speed: f64,
    /// Whether it plays at once; `None` leaves it to the visitor's settings.
    pub play: Option<bool>,
    /// Whether the canvas and the transport alone are shown.
    pub embed: bool,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            piece: Piece::Free,
            seed: 7,
            replicas: 4,
            rule: None,
            powers: Vec::new(),
            joiners: 0,
            weakness: None,
            visits: None,
            event: None,
            hash: None,
            selection: None,
            speed: 0.1,
            play: None,
            embed: false,
        }
    }
}

impl Sandbox {
    /// The lesson that is played.
    #[must_use]
    pub fn lesson(&self) -> Option<&'static scenarios::Scenario> {
        if let Piece::Lesson(name, _) = &self.piece { scenarios::named(name) } else { None }
    }

    /// The same, begun anew: without what was done, and from the beginning.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { visits: None, event: None, hash: None, selection: None, ..self.clone() }
    }
}

/// What a link shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A run in the sandbox.
    Sandbox(Box<Sandbox>),
    /// The cluster that serves the page.
    Live,
}

/// Which build this is: links of another may show another run.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");

/// Reads a link's fragment. What is not valid is left at its default and named.
#[must_use]
pub fn parse(fragment: &str) -> (Target, Vec<String>) {
    let fragment = fragment.trim_start_matches('#');
    let (path, query) = fragment.split_once('?').unwrap_or((fragment, ""));
    let (mut problems, mut sandbox) = (Vec::new(), Sandbox::default());
    match path.trim_end_matches('/') {
        "/live" => return (Target::Live, problems),
        "" | "/s/sandbox" | "/s/run" => {}
        other => match other.strip_prefix("/s/").filter(|name| scenarios::named(name).is_some()) {
            Some(name) => sandbox.piece = Piece::Lesson(name.into(), 0),
            None => problems.push(format!("“{other}” is no page here: this is the sandbox")),
        },
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let Err(problem) = apply(&mut sandbox, name, value) {
            problems.push(problem);
        }
    }
    if path.trim_end_matches('/') == "/s/run" && sandbox.piece == Piece::Free {
        problems.push("the link names no run: p= is missing".into());
    }
    (Target::Sandbox(Box::new(sandbox)), problems)
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
        "rule" => {
            sandbox.rule = match value {
                "three-chain" => Some(CommitRule::ThreeChain),
                "two-chain" => Some(CommitRule::TwoChain),
                _ => return Err(format!("rule={value}: three-chain or two-chain")),
            }
        }
        "power" => sandbox.powers = powers(value)?,
        "join" => {
            let count = value.parse().ok().filter(|count| *count <= JOINERS_MAX);
            sandbox.joiners = count.ok_or(format!("join={value}: from 0 to {JOINERS_MAX}"))?;
        }
        "weak" => {
            let names = || Weakness::ALL.map(Weakness::name).join(", ");
            let weakness =
                Weakness::named(value).ok_or_else(|| format!("weak={value}: one of {}", names()))?;
            sandbox.weakness = Some(weakness);
        }
        "script" => {
            let count = sandbox.lesson().map_or(0, |lesson| lesson.scripts.len());
            let script = value.parse().ok().filter(|script| usize::from(*script) < count);
            match (&mut sandbox.piece, script) {
                (Piece::Lesson(_, of), Some(script)) => *of = script,
                _ => return Err(format!("script={value}: it has no such script")),
            }
        }
        "p" => sandbox.piece = Piece::Plan(value.into()),
        "i" => sandbox.visits = Some(value.into()),
        "e" => {
            let event = value.parse().map_err(|_| format!("e={value}: a whole number"))?;
            sandbox.event = Some(event);
        }
        "h" if value.len() <= 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            sandbox.hash = Some(value.to_ascii_lowercase());
        }
        "h" => return Err(format!("h={value}: up to 64 hexadecimal digits")),
        "sel" => sandbox.selection = Some(value.into()),
        "b" if value == BUILD => {}
        "b" => {
            return Err(format!("the link was made by version {value}, this is {BUILD}: the run may differ"));
        }
        "speed" => {
            let speed = value.parse().ok().filter(|speed| (SPEED_MIN..=SPEED_MAX).contains(speed));
            sandbox.speed = speed.ok_or(format!("speed={value}: from {SPEED_MIN} to {SPEED_MAX}"))?;
        }
        "play" if value == "0" || value == "1" => sandbox.play = Some(value == "1"),
        "play" => return Err(format!("play={value}: 0 or 1")),
        "embed" if value == "0" || value == "1" => sandbox.embed = value == "1",
        other => return Err(format!("“{other}” means nothing here")),
    }
    Ok(())
}

/// Voting power as in links and fields: `3,1,1,1`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn powers(text: &str) -> Result<Vec<Power>, String> {
    let one = |text: &str| {
        let power = text.trim().parse().ok().filter(|power| (1..=POWER_MAX).contains(power));
        power.map(Power).ok_or(format!("power={text}: numbers from 1 to {POWER_MAX} with commas between"))
    };
    let powers = text.split(',').filter(|text| !text.trim().is_empty()).map(one);
    let powers: Vec<Power> = powers.collect::<Result<_, _>>()?;
    if powers.len() > usize::from(REPLICAS_MAX) {
        return Err(format!("power: of at most {REPLICAS_MAX} replicas"));
    }
    Ok(powers)
}

/// Powers as [`powers`] reads them.
#[must_use]
pub fn in_text(powers: &[Power]) -> String {
    powers.iter().map(|power| power.0.to_string()).collect::<Vec<_>>().join(",")
}

/// The fragment that shows `target` again.
#[must_use]
pub fn write(target: &Target) -> String {
    let Target::Sandbox(sandbox) = target else { return "#/live".into() };
    let (place, is_free) = match &sandbox.piece {
        Piece::Free => ("sandbox", true),
        Piece::Lesson(name, _) => (name.as_str(), false),
        Piece::Plan(_) => ("run", false),
    };
    let mut text = format!("#/s/{place}?v=1&seed={}", sandbox.seed);
    let mut add = |name: &str, value: &dyn std::fmt::Display| {
        let _ = write!(text, "&{name}={value}");
    };
    match &sandbox.piece {
        Piece::Lesson(_, script) if *script > 0 => add("script", script),
        Piece::Plan(code) => add("p", code),
        _ => {}
    }
    if is_free {
        add("n", &sandbox.replicas);
        if !sandbox.powers.is_empty() {
            add("power", &in_text(&sandbox.powers));
        }
        if sandbox.joiners > 0 {
            add("join", &sandbox.joiners);
        }
        if let Some(weakness) = sandbox.weakness {
            add("weak", &weakness);
        }
    }
    if let Some(rule) = sandbox.rule {
        add("rule", &rule_word(rule));
    }
    let parts = [("i", &sandbox.visits), ("h", &sandbox.hash), ("sel", &sandbox.selection)];
    for (name, value) in parts.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        add(name, value);
    }
    if let Some(event) = sandbox.event {
        add("e", &event);
        add("b", &BUILD);
    }
    add("speed", &rounded(sandbox.speed));
    if let Some(play) = sandbox.play {
        add("play", &u8::from(play));
    }
    if sandbox.embed {
        add("embed", &1);
    }
    text
}

/// A rule as links have it.
#[must_use]
pub fn rule_word(rule: CommitRule) -> &'static str {
    match rule {
        CommitRule::ThreeChain => "three-chain",
        CommitRule::TwoChain => "two-chain",
    }
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
        let sandbox = Sandbox {
            seed: u64::MAX,
            replicas: 100,
            speed: 0.025,
            play: Some(false),
            powers: vec![Power(3), Power(1)],
            weakness: Some(Weakness::NoLock),
            joiners: 2,
            rule: Some(CommitRule::TwoChain),
            ..Sandbox::default()
        };
        let planned = Sandbox {
            piece: Piece::Plan("abc_-".into()),
            hash: Some("0123abcd".into()),
            ..Sandbox::default()
        };
        let lesson = Sandbox {
            piece: Piece::Lesson("tail-fork".into(), 1),
            visits: Some("x-Y_z".into()),
            event: Some(120),
            selection: Some("r2".into()),
            embed: true,
            ..Sandbox::default()
        };
        let all =
            [sandbox, planned, lesson, Sandbox::default()].map(|sandbox| Target::Sandbox(Box::new(sandbox)));
        for target in all.into_iter().chain([Target::Live]) {
            assert_eq!(parse(&write(&target)), (target, vec![]));
        }
    }

    #[test]
    fn no_fragment_is_the_sandbox() {
        for fragment in ["", "#", "#/", "#/s/sandbox"] {
            assert_eq!(parse(fragment), (Target::Sandbox(Box::default()), vec![]), "{fragment}");
        }
    }

    #[test]
    fn what_is_valid_applies_and_the_rest_is_named() {
        let (target, problems) = parse(
            "#/s/sandbox?seed=12&n=0&speed=fast&play=maybe&v=9&x&rule=one-chain&weak=all&power=1,0&e=-1&h=xyz&script=1&b=0",
        );
        assert_eq!(target, Target::Sandbox(Box::new(Sandbox { seed: 12, ..Sandbox::default() })));
        assert_eq!(problems.len(), 12, "{problems:?}");
        assert!(problems[0].contains("n=0") && problems[4].contains('x'), "{problems:?}");
        assert_eq!(parse("#/s/nowhere?seed=5").1.len(), 1);
        assert_eq!(parse("#/s/run?seed=5").1.len(), 1);
    }
}
