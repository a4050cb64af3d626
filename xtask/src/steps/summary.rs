//! How each step ended, told as it ends and once more at the close.

use std::time::Duration;

use anyhow::Result;

use super::Done;

enum Ending {
    Passed(String),
    Failed,
    Skipped(String),
}

/// The endings of the steps so far.
#[derive(Default)]
pub(super) struct Summary {
    endings: Vec<(&'static str, Ending, Duration)>,
}

impl Summary {
    /// Records and prints how a step ended.
    pub(super) fn add(&mut self, name: &'static str, result: Result<Done>, took: Duration) {
        let ending = match result {
            Ok(Done::Passed(note)) => Ending::Passed(note),
            Ok(Done::Skipped(reason)) => Ending::Skipped(reason),
            Err(error) => {
                println!("{error:#}");
                Ending::Failed
            }
        };
        println!("{}", line(name, &ending, took));
        self.endings.push((name, ending, took));
    }

    /// Whether a step of this name has run and failed.
    pub(super) fn has_failed(&self, name: &str) -> bool {
        self.endings.iter().any(|(ended, ending, _)| *ended == name && matches!(ending, Ending::Failed))
    }

    /// Whether a step of this name has run and passed.
    pub(super) fn has_passed(&self, name: &str) -> bool {
        self.endings.iter().any(|(ended, ending, _)| *ended == name && matches!(ending, Ending::Passed(_)))
    }

    /// Whether a step of this name has come to an end of any kind.
    pub(super) fn has_ended(&self, name: &str) -> bool {
        self.endings.iter().any(|(ended, _, _)| *ended == name)
    }

    /// Whether nothing failed.
    pub(super) fn is_success(&self) -> bool {
        self.endings.iter().all(|(_, ending, _)| !matches!(ending, Ending::Failed))
    }

    /// Prints all endings; the last line is the count of each kind.
    pub(super) fn print(&self, took: Duration) {
        println!("== summary after {}", shown(took));
        for (name, ending, took) in &self.endings {
            println!("{}", line(name, ending, *took));
        }
        println!("{}", self.counts());
    }

    fn counts(&self) -> String {
        let count = |matches: fn(&Ending) -> bool| {
            self.endings.iter().filter(|(_, ending, _)| matches(ending)).count()
        };
        format!(
            "{} passed, {} failed, {} skipped",
            count(|ending| matches!(ending, Ending::Passed(_))),
            count(|ending| matches!(ending, Ending::Failed)),
            count(|ending| matches!(ending, Ending::Skipped(_))),
        )
    }
}

fn line(name: &str, ending: &Ending, took: Duration) -> String {
    let (word, note) = match ending {
        Ending::Passed(note) => ("passed", note.as_str()),
        Ending::Failed => ("FAILED", ""),
        Ending::Skipped(reason) => ("skipped", reason.as_str()),
    };
    format!("{word:<8} {name:<12} {:>9}  {note}", shown(took)).trim_end().to_owned()
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
        summary.add("one", Ok(Done::Passed(String::new())), second);
        summary.add("two", Ok(Done::Skipped("no engine".into())), second);
        assert_eq!(summary.counts(), "1 passed, 0 failed, 1 skipped");
        assert!(summary.is_success());
        summary.add("three", Err(anyhow::anyhow!("broken")), second);
        assert_eq!(summary.counts(), "1 passed, 1 failed, 1 skipped");
        assert!(!summary.is_success() && summary.has_failed("three") && summary.has_passed("one"));
        assert!(summary.has_ended("two") && !summary.has_ended("four"));
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(shown(Duration::from_millis(1_250)), "1.2 s");
        assert_eq!(shown(Duration::from_secs(125)), "2 min 05 s");
    }
}
