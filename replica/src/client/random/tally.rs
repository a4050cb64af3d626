//! What came of many commands.

use super::latencies::{Latencies, QUANTILES};
use crate::client::exit::Exit;
use crate::client::told::{self, Told};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Counts and latencies.
pub(super) struct Tally {
    /// Microseconds from when a command was due to its answer.
    latencies: Latencies,
    /// How many ended how.
    outcomes: BTreeMap<&'static str, u64>,
    worst: Exit,
    /// One was due that found no room to the end.
    pub not_sent: u64,
    /// Why the last one failed that did.
    failure: Option<String>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            latencies: Latencies::default(),
            outcomes: BTreeMap::new(),
            worst: Exit::Done,
            not_sent: 0,
            failure: None,
        }
    }
}

impl Tally {
    /// Takes one in that was due so long ago.
    pub(super) fn note(&mut self, told: &Told, latency: Duration) {
        let exit = told.exit().of_many();
        *self.outcomes.entry(told::name(exit)).or_default() += 1;
        self.worst = self.worst.max(exit);
        if exit == Exit::Done {
            self.latencies.note(latency);
        } else {
            self.failure = Some(told.line());
        }
    }

    /// So many were sent whose answers nobody waits for.
    pub(super) fn give_up(&mut self, commands: usize) {
        if commands > 0 {
            *self.outcomes.entry(told::name(Exit::NoAgreement)).or_default() += commands as u64;
            self.worst = self.worst.max(Exit::NoAgreement);
            self.failure = Some("not waited for any longer; it may still execute".to_owned());
        }
    }

    pub(super) fn exit(&self) -> Exit {
        self.worst
    }

    fn done(&self) -> u64 {
        self.outcomes.get("done").copied().unwrap_or_default()
    }

    fn failed(&self) -> u64 {
        self.outcomes.values().sum::<u64>() - self.done()
    }

    fn millis(&self, quantile: f64) -> f64 {
        self.latencies.at(quantile) as f64 / 1_000.0
    }

    /// In a few words, while it goes on.
    pub(super) fn short(&self, elapsed: Duration) -> String {
        let rate = self.done() as f64 / elapsed.as_secs_f64().max(0.001);
        let failed = match self.failed() {
            0 => String::new(),
            failed => format!(", {failed} failed: {}", self.failure.as_deref().unwrap_or_default()),
        };
        format!("{} done, {rate:.0}/s, median {:.1} ms{failed}", self.done(), self.millis(0.5))
    }

    /// For people.
    pub(super) fn text(&self, elapsed: Duration, seed: u64) -> String {
        let seconds = elapsed.as_secs_f64();
        let rate = self.done() as f64 / seconds.max(0.001);
        let mut text = format!("{} commands done in {seconds:.1} s, {rate:.1}/s, seed {seed}", self.done());
        for (outcome, count) in self.outcomes.iter().filter(|(outcome, _)| **outcome != "done") {
            text += &format!("\n{count} failed: {outcome}");
        }
        if let Some(failure) = &self.failure {
            text += &format!("\nthe last failure: {failure}");
        }
        if self.not_sent > 0 {
            text += "\nthe last were late: the cluster did not keep up with the rate";
        }
        if self.done() > 0 {
            text += "\nlatency from when a command was due:";
            for (name, quantile) in QUANTILES {
                text += &format!(" {name} {:.1} ms,", self.millis(quantile));
            }
            text += &format!(" max {:.1} ms", self.latencies.max() as f64 / 1_000.0);
        }
        text
    }

    /// For programs: `docs/client.md` tells the fields.
    pub(super) fn json(&self, elapsed: Duration, seed: u64, was_stopped: bool) -> Value {
        let mut latency_us = serde_json::Map::new();
        for (name, quantile) in QUANTILES {
            latency_us.insert(name.to_owned(), json!(self.latencies.at(quantile)));
        }
        latency_us.insert("max".to_owned(), json!(self.latencies.max()));
        json!({
            "seed": seed,
            "elapsed_s": elapsed.as_secs_f64(),
            "stopped": was_stopped,
            "late": self.not_sent > 0,
            "outcomes": self.outcomes,
            "latency_us": latency_us,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::driver::{ClientError, Done};
    use hotstuff_core::command::Outcome;
    use hotstuff_core::{Height, SequenceNumber, Span};
    use hotstuff_kv::{Answer, Operation, Response};

    fn told(is_done: bool) -> Told {
        let response = Response::One(Answer::NotFound);
        let outcome = Outcome::Executed { height: Height(1), result: response.encode() };
        let (sequence, first_reply, latency) = (SequenceNumber(1), Span(1), Span(1));
        let done = Done { sequence, outcome, replicas: vec![], others: vec![], first_reply, latency };
        let result = if is_done { Ok((response, done)) } else { Err(ClientError::Closed.into()) };
        Told::new(Operation::Get { key: b"k".to_vec() }.into(), result)
    }

    #[test]
    fn what_is_noted_is_summed_up() {
        let mut tally = Tally::default();
        for millis in 1..=100 {
            tally.note(&told(true), Duration::from_millis(millis));
        }
        assert_eq!(tally.exit(), Exit::Done, "a key that is not there is an answer");
        tally.note(&told(false), Duration::from_secs(9));
        assert_eq!(tally.exit(), Exit::Error);
        let span = Duration::from_secs(10);
        let text = tally.text(span, 5);
        assert!(text.starts_with("100 commands done in 10.0 s, 10.0/s, seed 5\n1 failed: error\n"), "{text}");
        assert!(text.contains("p50 50.0 ms") && text.contains("max 100."), "{text}");
        let json = tally.json(span, 5, true);
        assert_eq!(json["outcomes"], json!({ "done": 100, "error": 1 }));
        assert_eq!(json["latency_us"]["p90"].as_u64().unwrap() / 1_000, 90);
        assert_eq!((&json["stopped"], &json["late"]), (&json!(true), &json!(false)));
        assert!(tally.short(span).starts_with("100 done, 10/s, median 50.0 ms, 1 failed: error: "));
        tally.give_up(0);
        assert_eq!(tally.exit(), Exit::Error);
        tally.give_up(3);
        assert_eq!((tally.exit(), tally.failed()), (Exit::NoAgreement, 4));
    }

    #[test]
    fn nothing_at_all_can_be_summed_up_too() {
        let tally = Tally::default();
        assert_eq!(tally.text(Duration::ZERO, 1), "0 commands done in 0.0 s, 0.0/s, seed 1");
        assert_eq!(tally.json(Duration::ZERO, 1, false)["outcomes"], json!({}));
    }
}
