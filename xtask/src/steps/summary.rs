//! How each step ended, told as it ends and once more at the close.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::Done;

/// How much of what was said of a failure stands in the summary.
const LINES_IN_SUMMARY: usize = 40;

enum Ending {
    Passed(String),
    /// With the end of what was said of it.
    Failed(String),
    Skipped(String),
}

/// The endings of the steps so far, by their places in the list.
#[derive(Default)]
pub(super) struct Summary {
    endings: BTreeMap<usize, (&'static str, Ending, Duration)>,
}

impl Summary {
    /// Records how a step ended, and returns what is to be told about it.
    pub(super) fn add(
        &mut self,
        number: usize,
        name: &'static str,
        result: Result<Done>,
        took: Duration,
    ) -> String {
        let (ending, reason) = match result {
            Ok(Done::Passed(note)) => (Ending::Passed(note), None),
            Ok(Done::Skipped(reason)) => (Ending::Skipped(reason), None),
            Err(error) => {
                let reason = format!("{error:#}");
                (Ending::Failed(end(&reason)), Some(reason))
            }
        };
        let mut told = line(name, &ending, took);
        if let Some(reason) = reason {
            // The name before and after, because what lies between can be long.
            told = format!("== {name} FAILED\n{reason}\n{told}");
        }
        self.endings.insert(number, (name, ending, took));
        told
    }

    /// Whether a step of this name has run and passed.
    pub(super) fn has_passed(&self, name: &str) -> bool {
        self.endings.values().any(|(ended, ending, _)| *ended == name && matches!(ending, Ending::Passed(_)))
    }

    /// Whether a step of this name has come to an end of any kind.
    pub(super) fn has_ended(&self, name: &str) -> bool {
        self.endings.values().any(|(ended, _, _)| *ended == name)
    }

    /// Whether nothing failed.
    pub(super) fn is_success(&self) -> bool {
        self.endings.values().all(|(_, ending, _)| !matches!(ending, Ending::Failed(_)))
    }

    /// All endings; of what failed, the end of what was said and where the whole output is, since
    /// whoever keeps only the end of a long run needs it there. The last line is the count of each kind.
    pub(super) fn text(&self, took: Duration, logs: &Path) -> String {
        let mut lines = vec![format!("== summary after {}", shown(took))];
        lines.extend(self.endings.values().map(|(name, ending, took)| line(name, ending, *took)));
        for (name, ending, _) in self.endings.values() {
            if let Ending::Failed(end) = ending {
                let log = log(logs, name);
                lines.push(format!("== why {name} failed; more above, and in {}", log.display()));
                lines.push(end.clone());
            }
        }
        lines.push(self.counts());
        lines.join("\n")
    }

    fn counts(&self) -> String {
        let count = |matches: fn(&Ending) -> bool| {
            self.endings.values().filter(|(_, ending, _)| matches(ending)).count()
        };
        format!(
            "{} passed, {} failed, {} skipped",
            count(|ending| matches!(ending, Ending::Passed(_))),
            count(|ending| matches!(ending, Ending::Failed(_))),
            count(|ending| matches!(ending, Ending::Skipped(_))),
        )
    }
}

/// The file that keeps all that the commands of a step wrote.
pub(super) fn log(logs: &Path, name: &str) -> PathBuf {
    logs.join(format!("{name}.log"))
}

fn end(reason: &str) -> String {
    let lines: Vec<&str> = reason.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES_IN_SUMMARY)..].join("\n")
}

fn line(name: &str, ending: &Ending, took: Duration) -> String {
    let (word, note) = match ending {
        Ending::Passed(note) => ("passed", note.as_str()),
        Ending::Failed(_) => ("FAILED", ""),
        Ending::Skipped(reason) => ("skipped", reason.as_str()),
    };
    format!("{word:<8} {name:<15} {:>9}  {note}", shown(took)).trim_end().to_owned()
}

fn shown(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    format!("{} min {:02} s", took.as_secs() / 60, took.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_is_counted() {
        let mut summary = Summary::default();
        let second = Duration::from_secs(1);
        summary.add(2, "one", Ok(Done::Passed(String::new())), second);
        summary.add(0, "two", Ok(Done::Skipped("no engine".into())), second);
        assert_eq!(summary.counts(), "1 passed, 0 failed, 1 skipped");
        assert!(summary.is_success());
        let told = summary.add(1, "three", Err(anyhow::anyhow!("broken")), second);
        assert_eq!(told, "== three FAILED\nbroken\nFAILED   three               1.0 s");
        assert_eq!(summary.counts(), "1 passed, 1 failed, 1 skipped");
        assert!(!summary.is_success() && summary.has_passed("one") && !summary.has_passed("three"));
        assert!(summary.has_ended("two") && !summary.has_ended("four"));
    }

    #[test]
    fn the_close_is_in_the_lists_order_and_says_where_to_look() {
        let mut summary = Summary::default();
        summary.add(1, "two", Err(anyhow::anyhow!("broken")), Duration::from_secs(1));
        summary.add(0, "one", Ok(Done::Passed("3 tests".into())), Duration::from_secs(70));
        assert_eq!(
            summary.text(Duration::from_secs(71), Path::new("logs")),
            "== summary after 1 min 11 s\n\
             passed   one             1 min 10 s  3 tests\n\
             FAILED   two                 1.0 s\n\
             == why two failed; more above, and in logs/two.log\n\
             broken\n\
             1 passed, 1 failed, 0 skipped"
        );
    }

    #[test]
    fn of_a_long_failure_the_end_is_in_the_summary() {
        let reason: Vec<String> = (1..=100).map(|line| format!("line {line}\n")).collect();
        let end = end(&reason.join("\n"));
        assert_eq!(end.lines().count(), LINES_IN_SUMMARY);
        assert!(end.ends_with("line 100"), "{end}");
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(shown(Duration::from_millis(1_250)), "1.2 s");
        assert_eq!(shown(Duration::from_secs(125)), "2 min 05 s");
    }
}
