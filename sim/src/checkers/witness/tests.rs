//! What clients are truly told passes, and each kind of lie is found.

use super::*;
use crate::checkers::fabricated::{Cluster, executed, receive};
use crate::request::Request;
use crate::step::Step;
use hotstuff_core::message::Proposal;
use hotstuff_core::{BlockRef, Event, Time};
use hotstuff_kv::{Answer, Operation as Kv};

/// A run of blocks that commit one after the other, told to the checker.
struct Run {
    cluster: Cluster,
    checker: Witness,
    head: BlockRef,
    steps: u64,
}

fn set(value: &str) -> Kv {
    Kv::Set { key: b"k".to_vec(), value: value.into() }
}

fn get() -> Kv {
    Kv::Get { key: b"k".to_vec() }
}

impl Run {
    fn new() -> Self {
        let cluster = Cluster::new(None);
        let (checker, head) = (Witness::new(&cluster.config), cluster.committee.genesis_qc().block);
        Self { cluster, checker, head, steps: 0 }
    }

    fn command(&self, sequence: u64, operation: &Kv) -> Command {
        let key = cluster::client_key(&self.cluster.config, ClientNumber(0));
        Command::signed(&key, self.cluster.committee.cluster(), SequenceNumber(sequence), operation.encode())
    }

    fn step(&mut self, cause: Cause, results: Vec<CommandResult>) -> Result<(), Breach> {
        self.steps += 1;
        let step = Step { index: self.steps, time: Time(0), host: None, cause, events: Vec::new(), results };
        self.checker.check(&Observed::of(&step))
    }

    fn submit(&mut self, sequence: u64, operation: &Kv) -> Command {
        let (client, number) = (ClientNumber(0), SequenceNumber(sequence));
        let cause =
            Cause::Submitted { client, sequence: number, request: Request::Store(operation.clone().into()) };
        self.step(cause, Vec::new()).unwrap();
        self.command(sequence, operation)
    }

    /// A block with these commands arrives at r0.
    fn propose(&mut self, commands: &[Command]) -> Block {
        let (view, qc) = (self.head.view.0 + 1, self.cluster.qc(self.head, &[0, 1, 2]));
        let block = self.cluster.block(qc, view, commands.to_vec());
        self.head = block.reference();
        let message = Message::Proposal(Proposal { block: block.clone(), tc: None });
        receive(&mut self.checker, 0, message, Vec::new()).unwrap();
        block
    }

    /// r0 tells that a block committed, and that all its commands executed.
    fn tell(&mut self, block: &Block) -> Result<(), Breach> {
        self.steps += 1;
        let committed = Event::Committed { block: block.into(), state_root: Default::default() };
        let commands = block.payload().commands.iter();
        let executed = commands.map(|command| executed(command.id, block.height().0));
        let events = [committed].into_iter().chain(executed).collect();
        let step = Step { index: self.steps, ..crate::checkers::fabricated::step(0, events) };
        self.checker.check(&Observed::of(&step))
    }

    fn commit(&mut self, commands: &[Command]) -> Result<(), Breach> {
        let block = self.propose(commands);
        self.tell(&block)
    }

    /// The client believes an answer, and that the command executed at `height`.
    fn believe(&mut self, sequence: u64, operation: &Kv, height: u64, answer: Answer) -> Result<(), Breach> {
        let answer = Response::One(answer);
        let outcome = Outcome::Executed { height: Height(height), result: answer.encode() };
        self.learn(sequence, operation, Some(outcome), Some(answer))
    }

    fn learn(
        &mut self,
        sequence: u64,
        operation: &Kv,
        outcome: Option<Outcome>,
        answer: Option<Response>,
    ) -> Result<(), Breach> {
        let result = CommandResult {
            client: ClientNumber(0),
            sequence: SequenceNumber(sequence),
            request: Request::Store(operation.clone().into()),
            outcome,
            answer: answer.map(Answered::Store),
            replicas: Vec::new(),
            latency: None,
        };
        self.step(Cause::ClientTimer(ClientNumber(0)), vec![result])
    }
}

fn breach(sequence: u64, believed: Answer, executed: Option<Answer>) -> Result<(), Breach> {
    let (client, sequence) = (ClientNumber(0), SequenceNumber(sequence));
    let (believed, executed) = (Some(believed.into()), executed.map(Response::One));
    Err(Breach::Believed { client, sequence, believed, executed })
}

#[test]
fn true_answers_pass_and_leave_nothing_behind() {
    let mut run = Run::new();
    let first = run.submit(1, &set("a"));
    assert_eq!(run.commit(&[first]), Ok(()));
    assert_eq!(run.believe(1, &set("a"), 1, Answer::Ok), Ok(()));
    let (second, third) = (run.submit(2, &get()), run.submit(3, &set("b")));
    assert_eq!(run.commit(&[third, second]), Ok(()));
    assert_eq!(run.believe(2, &get(), 2, Answer::Value(b"b".to_vec())), Ok(()));
    assert_eq!(run.believe(3, &set("b"), 2, Answer::Ok), Ok(()));
    let checker = &run.checker;
    assert!(checker.calls.is_empty() && checker.blocks.is_empty() && checker.told.is_empty());
}

#[test]
fn a_wrong_answer_a_wrong_height_and_one_of_no_execution_are_found() {
    let believe = |operation: Kv, height: u64, answer: Answer| {
        let mut run = Run::new();
        let (first, second) = (run.submit(1, &set("a")), run.submit(2, &operation));
        run.submit(3, &get());
        run.commit(&[first, second]).unwrap();
        run.believe(2, &operation, height, answer)
    };
    let value = |value: &str| Answer::Value(value.into());
    assert_eq!(believe(get(), 1, value("a")), Ok(()));
    assert_eq!(believe(get(), 1, value("b")), breach(2, value("b"), Some(value("a"))));
    assert_eq!(believe(get(), 1, Answer::NotFound), breach(2, Answer::NotFound, Some(value("a"))));
    assert_eq!(believe(get(), 0, value("a")), breach(2, value("a"), Some(value("a"))));

    let mut run = Run::new();
    run.submit(1, &set("a"));
    run.commit(&[]).unwrap();
    assert_eq!(run.believe(1, &set("a"), 1, Answer::Ok), breach(1, Answer::Ok, None));
}

#[test]
fn an_answer_from_a_height_that_is_still_to_be_told_is_judged_then() {
    let believe = |answer: Answer| {
        let mut run = Run::new();
        let first = run.submit(1, &get());
        let (lower, block) = (run.propose(&[]), run.propose(&[first]));
        assert_eq!(run.believe(1, &get(), 2, answer), Ok(()));
        assert_eq!(run.tell(&block), Ok(()), "height 1 is not told yet");
        run.tell(&lower)
    };
    assert_eq!(believe(Answer::NotFound), Ok(()));
    assert_eq!(believe(Answer::Ok), breach(1, Answer::Ok, Some(Answer::NotFound)));
}

#[test]
fn a_command_that_executes_before_one_that_had_returned_when_it_was_sent_is_found() {
    let order = |sent_before: bool| {
        let mut run = Run::new();
        let first = run.submit(1, &set("a"));
        let early = if sent_before { Some(run.submit(2, &set("b"))) } else { None };
        run.believe(1, &set("a"), 2, Answer::Ok).unwrap();
        let second = early.unwrap_or_else(|| run.submit(2, &set("b")));
        run.commit(&[second]).unwrap();
        run.commit(&[first])
    };
    assert_eq!(order(true), Ok(()));
    let run = Run::new();
    let id = |sequence| run.command(sequence, &set("")).id;
    assert_eq!(order(false), Err(Breach::RealTime { earlier: id(1), later: id(2) }));
}

#[test]
fn a_command_that_its_client_has_not_sent_or_that_its_block_does_not_hold_is_found() {
    let mut run = Run::new();
    let unsent = run.command(1, &get());
    let command = unsent.id;
    assert_eq!(run.commit(&[unsent]), Err(Breach::Unasked { command, height: Height(1) }));

    let mut run = Run::new();
    let first = run.submit(1, &get()).id;
    let block = run.propose(&[]);
    let committed = Event::Committed { block: (&block).into(), state_root: Default::default() };
    let step = crate::checkers::fabricated::step(0, vec![committed, executed(first, 1)]);
    let apart = Breach::ExecutedApart { replica: ReplicaId(0), command: first, height: Height(1) };
    assert_eq!(run.checker.check(&Observed::of(&step)), Err(apart));
}

#[test]
fn commands_of_strangers_are_executed_too() {
    let mut run = Run::new();
    let stranger = Command::signed(
        &run.cluster.key(1),
        run.cluster.committee.cluster(),
        SequenceNumber(7),
        set("x").encode(),
    );
    let own = run.submit(1, &get());
    run.commit(&[stranger, own]).unwrap();
    let found = run.believe(1, &get(), 1, Answer::NotFound);
    assert_eq!(found, breach(1, Answer::NotFound, Some(Answer::Value(b"x".to_vec()))));
}

#[test]
fn a_command_that_was_given_up_may_execute_later() {
    let mut run = Run::new();
    let first = run.submit(1, &set("a"));
    assert_eq!(run.learn(1, &set("a"), None, None), Ok(()));
    assert_eq!(run.commit(&[first]), Ok(()));
    let second = run.submit(2, &get());
    run.commit(&[second]).unwrap();
    assert_eq!(run.believe(2, &get(), 2, Answer::Value(b"a".to_vec())), Ok(()));
}

#[test]
fn nothing_is_judged_above_a_block_that_nobody_was_seen_to_receive() {
    let mut run = Run::new();
    let first = run.submit(1, &set("a"));
    let qc = run.cluster.qc(run.head, &[0, 1, 2]);
    let unseen = run.cluster.block(qc, 1, vec![first]);
    assert_eq!(run.tell(&unseen), Ok(()));
    assert!(run.checker.is_blind);
    assert_eq!(run.believe(1, &set("a"), 1, Answer::NotFound), Ok(()));
}

#[test]
fn what_waits_for_a_height_that_nobody_tells_of_is_bounded() {
    let mut run = Run::new();
    run.propose(&[]);
    for _ in 0..=WAITING_MAX {
        assert!(!run.checker.is_blind);
        run.commit(&[]).unwrap();
    }
    assert!(run.checker.is_blind);
}
