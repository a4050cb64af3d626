//! The terminal or the file that lines go to: whole lines from several steps at once, and on a
//! terminal a last line that says what each is doing.

use std::io::IsTerminal as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

const COLUMNS: usize = 100;

/// What the person sees, shared by all that write to it.
pub struct Screen {
    is_terminal: bool,
    /// What is being done now: by whom, and what.
    doing: Mutex<Vec<(String, String)>>,
}

impl Screen {
    /// The standard output and error of this process.
    pub fn new() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), doing: Mutex::default() }
    }

    /// Whether a last line can be kept up to date; elsewhere progress takes lines of its own.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Writes lines to standard error, nobody else's between them.
    pub fn say(&self, lines: &str) {
        let doing = self.clear();
        eprintln!("{lines}");
        self.draw(&doing);
    }

    /// Writes lines to standard output, nobody else's between them.
    pub fn print(&self, lines: &str) {
        let doing = self.clear();
        println!("{lines}");
        self.draw(&doing);
    }

    /// Shows on the last line what `who` is doing; nothing if that is empty.
    pub fn show(&self, who: &str, what: &str) {
        if !self.is_terminal {
            return;
        }
        let mut doing = self.clear();
        match doing.iter().position(|(name, _)| name == who) {
            Some(place) if what.is_empty() => drop(doing.remove(place)),
            Some(place) => doing[place].1 = what.to_owned(),
            None if what.is_empty() => {}
            None => doing.push((who.to_owned(), what.to_owned())),
        }
        self.draw(&doing);
    }

    fn clear(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        // What a thread that panicked was doing is still text.
        let doing = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_terminal && !doing.is_empty() {
            eprint!("\r\x1b[2K");
        }
        doing
    }

    fn draw(&self, doing: &[(String, String)]) {
        if self.is_terminal {
            eprint!("{}", last_line(doing));
        }
    }
}

/// All that is being done in one line, each with the same share of its length.
fn last_line(doing: &[(String, String)]) -> String {
    let share = COLUMNS / doing.len().max(1);
    let parts = doing.iter().map(|(_, what)| what.chars().take(share.saturating_sub(3)).collect::<String>());
    parts.collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_shared() {
        let line = |whats: &[&str]| {
            let doing: Vec<_> = whats.iter().map(|what| (String::new(), (*what).to_owned())).collect();
            last_line(&doing)
        };
        assert_eq!(line(&[]), "");
        assert_eq!(line(&["clippy: 3 s", "tests: 4 s"]), "clippy: 3 s | tests: 4 s");
        let long = "x".repeat(200);
        assert!(line(&[&long]).len() < COLUMNS && line(&[&long, &long, &long]).len() < COLUMNS);
    }
}
