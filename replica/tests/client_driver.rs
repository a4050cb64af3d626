//! The client against replicas that are down, silent, lying, forging, or closing their links.

#[path = "support/fake.rs"]
mod fake;

use fake::{Behaviour, Fakes, executed};
use futures_util::{StreamExt, stream};
use hotstuff_core::client::{ClientConfig, SubmitError};
use hotstuff_core::command::{NotAdmitted, Outcome};
use hotstuff_core::committee::Limits;
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::{Height, ReplicaId, SequenceNumber, Span};
use hotstuff_replica::client::{ClientDriver, ClientError, Endpoint};
use hotstuff_replica::config::{CommitteeFile, MemberAddresses, create_key};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

const BOUND: Duration = Duration::from_secs(60);

fn start(fakes: &Fakes, config: ClientConfig) -> ClientDriver {
    let key = SecretKey::from_seed([77; 32]);
    ClientDriver::start(key, fakes.committee.clone(), fakes.endpoints.clone(), config)
}

/// A client that neither retries nor gives up while a test runs.
fn patient() -> ClientConfig {
    let never = Span::millis(3_600_000);
    ClientConfig { retry_min_us: never, retry_max_us: never, give_up_us: never, in_flight: 1_024 }
}

async fn until(condition: &dyn Fn() -> bool) {
    let met = async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(BOUND, met).await.expect("it took too long");
}

fn honest() -> Option<Behaviour> {
    Some(Box::new(|fake, command| Some(vec![fake.reply(&command, executed(&command))])))
}

fn silent() -> Option<Behaviour> {
    Some(Box::new(|_, _| Some(Vec::new())))
}

fn liar() -> Option<Behaviour> {
    let outcome = Outcome::Executed { height: Height(1), result: b"a lie".to_vec() };
    Some(Box::new(move |fake, command| Some(vec![fake.reply(&command, outcome.clone())])))
}

/// Replies with its own key in the names of the two replicas after it.
fn forger() -> Option<Behaviour> {
    Some(Box::new(|fake, command| {
        let key = SecretKey::from_seed([66; 32]);
        let outcome = Outcome::Executed { height: Height(1), result: b"forged".to_vec() };
        Some(vec![fake.reply_with(&key, &command, outcome)])
    }))
}

#[tokio::test]
async fn two_equal_replies_of_four_replicas_are_believed() {
    let fakes = Fakes::start(vec![honest(), liar(), None, honest()], Limits::default()).await;
    let client = start(&fakes, patient());
    let done = timeout(BOUND, client.submit(b"x".to_vec())).await.unwrap().unwrap();
    assert!(matches!(&done.outcome, Outcome::Executed { result, .. } if result == b"x"));
    assert_eq!(done.replicas, [ReplicaId(0), ReplicaId(3)]);
    assert!(done.latency > Span(0));
}

#[tokio::test]
async fn without_agreement_each_replica_is_accounted_for() {
    let fakes = Fakes::start(vec![honest(), liar(), None, silent()], Limits::default()).await;
    let client = start(&fakes, ClientConfig { give_up_us: Span::millis(3_000), ..patient() });
    let error = timeout(BOUND, client.submit(b"x".to_vec())).await.unwrap().unwrap_err();
    let ClientError::NoAgreement(why) = &error else { panic!("{error:?}") };
    let replied: Vec<ReplicaId> = why.replies.iter().map(|(id, _)| *id).collect();
    assert_eq!(replied, [ReplicaId(0), ReplicaId(1)]);
    let up: Vec<bool> = why.links.iter().map(|(_, link)| link.is_none()).collect();
    assert_eq!(up, [true, true, false, true]);
    let shown = error.to_string();
    assert!(shown.contains("r2 is not reachable") && shown.contains("r3 did not reply"), "{shown}");
}

#[tokio::test]
async fn a_reply_that_its_replica_did_not_sign_is_no_reply_and_ends_the_link() {
    let fakes = Fakes::start(vec![forger(), forger(), honest(), honest()], Limits::default()).await;
    let client = start(&fakes, patient());
    let done = timeout(BOUND, client.submit(b"x".to_vec())).await.unwrap().unwrap();
    assert_eq!(done.replicas, [ReplicaId(2), ReplicaId(3)]);

    let fakes = Fakes::start(vec![forger(), forger(), forger(), honest()], Limits::default()).await;
    let client = start(&fakes, ClientConfig { give_up_us: Span::millis(3_000), ..patient() });
    let error = timeout(BOUND, client.submit(b"x".to_vec())).await.unwrap().unwrap_err();
    let ClientError::NoAgreement(why) = &error else { panic!("{error:?}") };
    let replied: Vec<ReplicaId> = why.replies.iter().map(|(id, _)| *id).collect();
    assert_eq!(replied, [ReplicaId(3)]);
    // Dialled again after each forged reply, and the command sent again: but with growing pauses.
    let connections = *fakes.replicas[0].connections.lock().unwrap();
    assert!((2..50).contains(&connections), "{connections}");
}

#[tokio::test]
async fn what_is_no_frame_ends_the_link_and_nothing_else() {
    let garbage =
        |messages: Vec<Message>| -> Option<Behaviour> { Some(Box::new(move |_, _| Some(messages.clone()))) };
    let too_long = vec![0; Limits::default().command_bytes as usize + 10_000];
    let wrong = [
        vec![Message::Binary(vec![255; 9].into())],
        vec![Message::text("hello")],
        vec![Message::binary(too_long)],
    ];
    for messages in wrong {
        let replicas = vec![garbage(messages.clone()), honest(), honest(), garbage(messages)];
        let fakes = Fakes::start(replicas, Limits::default()).await;
        let client = start(&fakes, patient());
        for text in ["a", "b"] {
            let done = timeout(BOUND, client.submit(text.as_bytes().to_vec())).await.unwrap().unwrap();
            assert_eq!(done.replicas, [ReplicaId(1), ReplicaId(2)]);
        }
    }
}

#[tokio::test]
async fn a_thousand_commands_are_in_flight_side_by_side() {
    let fakes = Fakes::start(vec![honest(), honest(), honest(), honest()], Limits::default()).await;
    let client = start(&fakes, patient());
    let submit = |number: u32| {
        let client = client.clone();
        async move { client.submit(number.to_be_bytes().to_vec()).await.unwrap() }
    };
    let all = stream::iter(0..1_000).map(submit).buffered(500).collect::<Vec<_>>();
    let all = timeout(BOUND, all).await.unwrap();
    for (number, done) in (0u32..).zip(&all) {
        assert!(matches!(&done.outcome, Outcome::Executed { result, .. } if *result == number.to_be_bytes()));
    }
    let sequences: BTreeSet<SequenceNumber> = all.iter().map(|done| done.sequence).collect();
    assert_eq!(sequences.len(), 1_000);
}

/// The replicas remember the last `session_replies` commands of a client: one that waits must not
/// be overtaken by as many, or it would be refused as too old.
#[tokio::test]
async fn a_command_that_waits_is_not_overtaken_by_more_than_the_replicas_remember() {
    let window = 16;
    let withhold = || -> Option<Behaviour> {
        Some(Box::new(move |fake, command| {
            let first = fake.seen.lock().unwrap()[0];
            let again = fake.times_seen(first) > 1;
            let held = command.id.sequence == first && !again;
            Some(if held { Vec::new() } else { vec![fake.reply(&command, executed(&command))] })
        }))
    };
    let limits = Limits { session_replies: window, ..Limits::default() };
    let fakes = Fakes::start(vec![withhold(), withhold(), withhold(), withhold()], limits).await;
    let client = start(&fakes, ClientConfig { retry_min_us: Span::millis(2_000), ..patient() });
    let submit = |number: u32| {
        let client = client.clone();
        async move { client.submit(number.to_be_bytes().to_vec()).await.unwrap() }
    };
    let all = stream::iter(0..100).map(submit).buffered(100).collect::<Vec<_>>();
    assert_eq!(timeout(BOUND, all).await.unwrap().len(), 100);
    for fake in &fakes.replicas {
        let seen = fake.seen.lock().unwrap();
        let first = seen[0];
        let again = seen.iter().skip(1).position(|sequence| *sequence == first).unwrap() + 1;
        let newest = seen[..again].iter().max().unwrap();
        assert_eq!(newest.0 - first.0, u64::from(window) - 1, "the window is used, and not left");
    }
}

#[tokio::test]
async fn a_link_that_breaks_is_made_again_and_what_is_in_flight_goes_over_it() {
    let breaks = || -> Option<Behaviour> {
        let left = Mutex::new(2);
        Some(Box::new(move |fake, command| {
            let mut left = left.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                return None;
            }
            Some(vec![fake.reply(&command, executed(&command))])
        }))
    };
    let fakes = Fakes::start(vec![breaks(), breaks(), breaks(), breaks()], Limits::default()).await;
    let client = start(&fakes, patient());
    timeout(BOUND, client.submit(b"x".to_vec())).await.unwrap().unwrap();
    let through = fakes.replicas.iter().filter(|fake| fake.seen.lock().unwrap().len() >= 3).count();
    assert!(through >= 2, "{through}");
}

#[tokio::test]
async fn a_busy_replica_is_asked_again() {
    let busy = || -> Option<Behaviour> {
        Some(Box::new(|fake, command| {
            let outcome = match fake.times_seen(command.id.sequence) {
                1 | 2 => Outcome::NotAdmitted(NotAdmitted::Busy),
                _ => executed(&command),
            };
            Some(vec![fake.reply(&command, outcome)])
        }))
    };
    let fakes = Fakes::start(vec![busy(), busy(), None, None], Limits::default()).await;
    let config = ClientConfig { retry_min_us: Span::millis(20), retry_max_us: Span::millis(40), ..patient() };
    let done = timeout(BOUND, start(&fakes, config).submit(b"x".to_vec())).await.unwrap().unwrap();
    assert!(matches!(done.outcome, Outcome::Executed { .. }));
}

/// A cluster that takes nothing in is told from one that does not answer.
#[tokio::test]
async fn a_cluster_that_stays_busy_has_an_exit_code_of_its_own() {
    let full = |why: NotAdmitted| -> Option<Behaviour> {
        Some(Box::new(move |fake, command| Some(vec![fake.reply(&command, Outcome::NotAdmitted(why))])))
    };
    let cases = [
        (
            vec![full(NotAdmitted::Busy), full(NotAdmitted::TooManyInFlight), None, None],
            4,
            "hotstuff: the cluster is busy: ",
        ),
        // One alone may say so without any reason.
        (vec![full(NotAdmitted::Busy), silent(), None, None], 3, "hotstuff: no agreement"),
    ];
    for (behaviours, code, beginning) in cases {
        let fakes = Fakes::start(behaviours, Limits::default()).await;
        let folder = tempfile::tempdir().unwrap();
        let (committee, key) = (folder.path().join("committee.toml"), folder.path().join("client.key"));
        let addresses = |endpoint: &Endpoint| {
            let http = endpoint.url.trim_start_matches("ws://").trim_end_matches("/client");
            let [peer, http] = ["127.0.0.1:1", http].map(|address| address.parse().unwrap());
            (endpoint.replica, MemberAddresses { peer, http })
        };
        let addresses = fakes.endpoints.iter().map(addresses).collect();
        CommitteeFile::new(fakes.committee.clone(), addresses).create(&committee).unwrap();
        create_key(&key, "a client").unwrap();
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_hotstuff"));
        command.arg("client").arg("--committee").arg(committee).arg("--key").arg(key);
        command.args(["--timeout", "2", "set", "k", "v"]).kill_on_drop(true);
        let ended = timeout(BOUND, command.output()).await.unwrap().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(code), "{said}");
        assert!(said.starts_with(beginning), "{said}");
        let seen = fakes.replicas[0].seen.lock().unwrap().len();
        assert!((1..=3).contains(&seen), "it retries, and waits in between: {seen}");
    }
}

#[tokio::test]
async fn an_operation_beyond_the_limit_is_refused_and_the_next_one_is_not() {
    let limits = Limits { command_bytes: 10, ..Limits::default() };
    let fakes = Fakes::start(vec![honest(), honest(), honest(), honest()], limits).await;
    let client = start(&fakes, patient());
    let refused = timeout(BOUND, client.submit(vec![0; 11])).await.unwrap();
    assert_eq!(refused, Err(ClientError::Refused(SubmitError::TooLarge { bytes: 11, limit: 10 })));
    timeout(BOUND, client.submit(vec![0; 10])).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_caller_that_stops_waiting_is_in_nobodys_way() {
    let fakes = Fakes::start(vec![honest(), honest(), silent(), silent()], Limits::default()).await;
    let client = start(&fakes, ClientConfig { in_flight: 1, ..patient() });
    for _ in 0..10 {
        drop(tokio::spawn({
            let client = client.clone();
            async move { timeout(Duration::ZERO, client.submit(b"given up".to_vec())).await.is_ok() }
        }));
    }
    timeout(BOUND, client.submit(b"x".to_vec())).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_links_are_closed_in_order() {
    let fakes = Fakes::start(vec![honest(), honest(), honest(), honest()], Limits::default()).await;
    let client = start(&fakes, patient());
    timeout(BOUND, client.submit(b"x".to_vec())).await.unwrap().unwrap();
    let connected = || fakes.replicas.iter().all(|fake| *fake.connections.lock().unwrap() == 1);
    let closed = || fakes.replicas.iter().all(|fake| *fake.closed.lock().unwrap() == 1);
    until(&connected).await;
    timeout(BOUND, client.close()).await.unwrap();
    until(&closed).await;
}

#[tokio::test]
async fn closing_does_not_wait_for_what_nobody_waits_for() {
    let fakes = Fakes::start(vec![silent(), silent(), silent(), silent()], Limits::default()).await;
    // With no room for another command, and long before anybody gives up.
    let client = start(&fakes, ClientConfig { in_flight: 1, ..patient() });
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.submit(b"x".to_vec()).await }
    });
    let seen = || fakes.replicas.iter().all(|fake| !fake.seen.lock().unwrap().is_empty());
    until(&seen).await;
    asking.abort();
    asking.await.unwrap_err();
    timeout(BOUND, client.close()).await.unwrap();
}
