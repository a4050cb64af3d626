//! What the command line asks for, as the runs that it makes, or why that is nonsense.

use super::run::longest_request;
use super::settings::{Settings, Shape};
use crate::client::random::arrivals::Pace;
use crate::client::random::{number, rate, seconds, share};
use hotstuff_core::committee::Limits;
use hotstuff_kv::{ENTRY_BYTES, STORE_BYTES_MAX, VALUE_BYTES_MAX};
use std::time::Duration;

/// Most connections, and most keys: as many as a replica takes from one address, if not told otherwise.
pub(super) const CONNECTIONS_MAX: u32 = 512;
/// Connections of an open loop, if more are not needed.
const OPEN_CONNECTIONS: u32 = 16;
/// Connections of a closed loop, if more are not needed: one for each client up to so many.
const CLOSED_CONNECTIONS_MAX: u32 = 128;
const OPEN_IN_FLIGHT: u32 = 1_024;
const IN_FLIGHT_MAX: u32 = 65_536;
/// A day.
const SPAN_MAX: Duration = Duration::from_secs(86_400);

/// What load is made.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("shape").args(["clients", "rate"]).required(true)))]
pub(super) struct Workload {
    /// Closed loop: so many clients, each of which sends its next command as one is done. Several numbers are a
    /// sweep: one run after the other.
    #[arg(long, value_name = "N,…", value_delimiter = ',',
          value_parser = clap::value_parser!(u32).range(1..=IN_FLIGHT_MAX as i64))]
    clients: Vec<u32>,
    /// Open loop: so many commands a second, whatever the cluster does. Several numbers are a sweep.
    #[arg(long, visible_alias = "rates", value_name = "RATE,…", value_delimiter = ',',
          value_parser = rate)]
    rate: Vec<f64>,
    /// How the spans between the commands of an open loop are.
    #[arg(long, value_enum, default_value_t = Pace::Poisson, conflicts_with = "clients")]
    arrivals: Pace,
    /// Closed loop: commands that each client has in flight (1). Open loop: most commands in flight over all
    /// connections (1,024); the others wait, and their latency counts from when they were due.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=IN_FLIGHT_MAX as i64))]
    in_flight: Option<u32>,
    /// Client keys, each with a link to every replica; made for the run, if none are given. As many as
    /// the commands in flight need, at `session_replies` of the committee to a key; and at least one for
    /// each client up to 128 in a closed loop, and 16 in an open one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=CONNECTIONS_MAX as i64))]
    connections: Option<u32>,
    /// Bytes of each value that is set.
    #[arg(long, value_name = "BYTES", default_value_t = 64,
          value_parser = clap::value_parser!(u32).range(0..=VALUE_BYTES_MAX as i64))]
    payload: u32,
    /// Which share of the commands only reads, from 0 to 1. The others set a key.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    read_share: f64,
    /// How many keys there are, load/k0 and so on, each as likely as the others.
    #[arg(long, value_name = "K", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    keys: u32,
    /// Seconds that commands are sent before those that are measured; in each run.
    #[arg(long, value_name = "SECS", default_value = "2", value_parser = seconds_or_none)]
    warm_up: Duration,
    /// Seconds that commands are sent that are measured; in each run.
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = seconds_of_a_day)]
    duration: Duration,
}

fn seconds_of_a_day(text: &str) -> Result<Duration, String> {
    let span = seconds(text)?;
    if span <= SPAN_MAX { Ok(span) } else { Err("it is longer than a day".into()) }
}

fn seconds_or_none(text: &str) -> Result<Duration, String> {
    if number(text)? == 0.0 { Ok(Duration::ZERO) } else { seconds_of_a_day(text) }
}

/// Why the command line makes no load.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlanError {
    #[error(
        "{in_flight} commands in flight need {needed} connections: a client key has at most {per_key}, \
         the committee's `session_replies`; {has}"
    )]
    Connections { in_flight: u64, needed: u64, per_key: u32, has: String },
    #[error(
        "with a payload of {payload} bytes a command has {bytes}, and {limit} is the most, the committee's \
         `command_bytes`"
    )]
    Payload { payload: u32, bytes: usize, limit: u32 },
    #[error(
        "{keys} keys with {payload} bytes each do not fit into the store, which has {STORE_BYTES_MAX} bytes"
    )]
    Store { keys: u32, payload: u32 },
}

impl Workload {
    /// The runs, for `given` client keys, where there are any, on a cluster with these limits.
    pub(super) fn plan(
        &self,
        given: Option<u32>,
        limits: &Limits,
        timeout_s: u64,
        seed: u64,
    ) -> Result<Vec<Settings>, PlanError> {
        let payload = self.payload;
        let bytes = longest_request(self.keys, payload).encode().len();
        if bytes > limits.command_bytes as usize {
            return Err(PlanError::Payload { payload, bytes, limit: limits.command_bytes });
        }
        let entry_bytes = bytes as u64 + ENTRY_BYTES;
        if self.read_share < 1.0 && u64::from(self.keys) * entry_bytes > STORE_BYTES_MAX {
            return Err(PlanError::Store { keys: self.keys, payload });
        }
        let shapes = self.shapes();
        let connections = self.connections(given, &shapes, limits.session_replies.max(1))?;
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let settings = |shape| Settings {
            shape,
            connections: match shape {
                Shape::Closed { clients, .. } => connections.min(clients),
                Shape::Open { .. } => connections,
            },
            payload_bytes: payload,
            read_share: self.read_share,
            keys: self.keys,
            warm_up_ms: millis(self.warm_up),
            duration_ms: millis(self.duration),
            timeout_s,
            seed,
        };
        Ok(shapes.into_iter().map(settings).collect())
    }

    fn shapes(&self) -> Vec<Shape> {
        let arrivals = self.arrivals.into();
        let closed = |&clients| Shape::Closed { clients, in_flight: self.in_flight.unwrap_or(1) };
        let open = |&rate_per_s| Shape::Open {
            rate_per_s,
            arrivals,
            in_flight: self.in_flight.unwrap_or(OPEN_IN_FLIGHT),
        };
        self.clients.iter().map(closed).chain(self.rate.iter().map(open)).collect()
    }

    /// How many connections all runs have room in.
    fn connections(&self, given: Option<u32>, shapes: &[Shape], per_key: u32) -> Result<u32, PlanError> {
        // A closed loop's clients go round the connections, so that one may have more in flight than another.
        let needed = |shape: &Shape| match *shape {
            Shape::Open { in_flight, .. } => u64::from(in_flight.div_ceil(per_key)),
            Shape::Closed { clients, in_flight } => match per_key / in_flight {
                0 => u64::MAX,
                clients_per_key => u64::from(clients.div_ceil(clients_per_key)),
            },
        };
        let most =
            shapes.iter().max_by_key(|shape| needed(shape)).expect("the command line has one at least");
        let needed = needed(most);
        let usual = match *most {
            Shape::Closed { clients, .. } => clients.min(CLOSED_CONNECTIONS_MAX),
            Shape::Open { .. } => OPEN_CONNECTIONS,
        };
        let asked = given.or(self.connections);
        let connections = asked.unwrap_or_else(|| u32::try_from(needed).unwrap_or(u32::MAX).max(usual));
        if u64::from(connections) < needed || connections > CONNECTIONS_MAX {
            let has = match (given, self.connections) {
                (Some(given), _) => format!("there are {given} keys"),
                (None, Some(asked)) => format!("--connections is {asked}"),
                (None, None) => format!("there may be {CONNECTIONS_MAX}"),
            };
            let needed = if needed == u64::MAX { most.in_flight().div_ceil(per_key.into()) } else { needed };
            return Err(PlanError::Connections { in_flight: most.in_flight(), needed, per_key, has });
        }
        Ok(connections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        workload: Workload,
    }

    fn parsed(line: &str) -> Result<Workload, String> {
        let words = std::iter::once("load").chain(line.split_whitespace());
        Line::try_parse_from(words).map(|line| line.workload).map_err(|error| error.to_string())
    }

    fn planned(line: &str) -> Result<Vec<Settings>, String> {
        let limits = Limits::default();
        parsed(line)?.plan(None, &limits, 10, 1).map_err(|error| error.to_string())
    }

    #[test]
    fn several_numbers_are_a_sweep() {
        let open =
            planned("--rates 100,500.5,1000 --arrivals constant --payload 0 --warm-up 0 --duration 0.5")
                .unwrap();
        let rates: Vec<String> = open.iter().map(|settings| settings.shape.to_string()).collect();
        assert_eq!(rates, ["100/s, constant", "500.5/s, constant", "1000/s, constant"]);
        assert!(open.iter().all(|one| (one.connections, one.payload_bytes, one.warm_up_ms) == (16, 0, 0)));
        assert_eq!(open[0].end(), Duration::from_millis(500));
        let closed = planned("--clients 1,4,300").unwrap();
        assert_eq!(closed.iter().map(|one| one.connections).collect::<Vec<_>>(), [1, 4, 128]);
        assert_eq!(planned("--rate 5 --in-flight 4096").unwrap()[0].connections, 32);
        assert_eq!(planned("--clients 3 --in-flight 100").unwrap()[0].connections, 3);
    }

    #[test]
    fn nonsense_is_refused_with_what_is_wrong() {
        for (line, why) in [
            ("", "--clients"),
            ("--clients 4 --rate 5", "cannot be used with"),
            ("--rate 0", "it is not from 0.001"),
            ("--rate 100,x", "is no number"),
            ("--clients 0", "1..="),
            ("--rate 5 --read-share 2", "it is not from 0 to 1"),
            ("--rate 5 --payload 64497", "64496"),
            ("--rate 5 --keys 0", "--keys"),
            ("--rate 5 --duration 0", "it is not from 0.001 s"),
            ("--rate 5 --duration 86401", "longer than a day"),
            ("--rate 5 --warm-up=-1", "--warm-up"),
            ("--clients 5 --arrivals constant", "cannot be used with"),
            ("--rate 5 --connections 513", "--connections"),
            (
                "--rate 5 --in-flight 2000 --connections 3",
                "need 16 connections: a client key has at most 128",
            ),
            ("--clients 1 --in-flight 129", "need 2 connections"),
            ("--clients 1000 --in-flight 100", "need 1000 connections"),
            ("--rate 5 --keys 10000000", "do not fit into the store"),
        ] {
            let refused = planned(line).unwrap_err();
            assert!(refused.contains(why), "{line}: {refused}");
        }
        let limits = Limits { command_bytes: 100, ..Limits::default() };
        let refused = parsed("--rate 5 --payload 100").unwrap().plan(None, &limits, 10, 1).unwrap_err();
        assert!(matches!(refused, PlanError::Payload { limit: 100, .. }), "{refused}");
        let given = parsed("--rate 5").unwrap().plan(Some(7), &Limits::default(), 10, 1).unwrap_err();
        assert!(given.to_string().ends_with("there are 7 keys"), "{given}");
    }
}
