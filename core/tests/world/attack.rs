//! What an attacker who sees every message knows, and how each step is carried out.

use super::{Envelope, Step, World, client, secret};
use hotstuff_core::certificate::{Timeout, Vote};
use hotstuff_core::command::Command;
use hotstuff_core::committee::Member;
use hotstuff_core::crypto::PublicKey;
use hotstuff_core::message::{FetchRequest, MessageKind};
use hotstuff_core::*;
use std::collections::{BTreeSet, VecDeque};

/// The latest of each kind; the first entry of those that start non-empty is genesis'.
pub struct Attack {
    pub keys: Vec<u16>,
    pub messages: Latest<Message>,
    pub blocks: Latest<Block>,
    pub qcs: Latest<QuorumCertificate>,
    pub tcs: Latest<TimeoutCertificate>,
    pub votes: Latest<Vote>,
    pub timeouts: Latest<Timeout>,
    pub commands: Latest<Command>,
    pub asked: Latest<FetchRequest>,
}

/// Some of the latest, counted from the latest on.
pub struct Latest<T>(VecDeque<T>);

impl<T: PartialEq> Latest<T> {
    fn new() -> Self {
        Self(VecDeque::new())
    }

    pub fn note(&mut self, value: T) {
        if self.0.contains(&value) {
            return;
        }
        if self.0.len() >= 48 {
            self.0.pop_back();
        }
        self.0.push_front(value);
    }

    pub fn pick(&self, at: usize) -> Option<&T> {
        self.0.get(at.checked_rem(self.0.len())?)
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl Attack {
    pub fn new(committee: &Committee, keys: &BTreeSet<u16>) -> Self {
        let mut attack = Self {
            keys: keys.iter().copied().collect(),
            messages: Latest::new(),
            blocks: Latest::new(),
            qcs: Latest::new(),
            tcs: Latest::new(),
            votes: Latest::new(),
            timeouts: Latest::new(),
            commands: Latest::new(),
            asked: Latest::new(),
        };
        attack.qcs.note(committee.genesis_qc().clone());
        attack
    }

    pub fn note_command(&mut self, command: &Command) {
        self.commands.note(command.clone());
    }

    pub fn observe(&mut self, message: &Message) {
        match message {
            Message::Proposal(proposal) => {
                self.note_block(&proposal.block);
                proposal.tc.iter().for_each(|tc| self.note_tc(tc));
            }
            Message::Vote(vote) => self.votes.note(vote.clone()),
            Message::Timeout(timeout) => {
                self.qcs.note(timeout.high_qc.clone());
                timeout.last_vote.iter().for_each(|vote| self.votes.note(vote.clone()));
                self.timeouts.note(timeout.clone());
            }
            Message::NewView(new_view) => {
                self.qcs.note(new_view.high_qc.clone());
                new_view.tc.iter().for_each(|tc| self.note_tc(tc));
            }
            Message::FetchRequest(request) => self.asked.note(*request),
            Message::FetchResponse(response) => {
                response.blocks.iter().for_each(|block| self.note_block(block));
            }
            Message::SnapshotRequest(_) | Message::SnapshotChunk(_) => {}
        }
        self.messages.note(message.clone());
    }

    fn note_block(&mut self, block: &Block) {
        self.qcs.note(block.justify().clone());
        self.blocks.note(block.clone());
    }

    fn note_tc(&mut self, tc: &TimeoutCertificate) {
        self.qcs.note(tc.high_qc.clone());
        self.tcs.note(tc.clone());
    }
}

impl World {
    pub fn step(&mut self, step: Step) {
        let replicas = self.setting.replicas();
        match step {
            Step::Flow { count } => {
                for _ in 0..count {
                    let Some(envelope) = self.lanes.pop_front() else { break };
                    self.deliver(envelope);
                }
            }
            Step::Deliver { a, keep } => {
                let Some(at) = a.checked_rem(self.lanes.len()) else { return };
                let envelope = self.lanes[at].clone();
                if !keep {
                    self.lanes.remove(at);
                }
                self.deliver(envelope);
            }
            Step::Drop { a } => {
                if let Some(at) = a.checked_rem(self.lanes.len()) {
                    self.lanes.remove(at);
                }
            }
            Step::Isolate { replica, on: true } => {
                self.isolated = [replica % replicas].into();
                self.lanes.retain(|envelope| envelope.to != replica % replicas);
            }
            Step::Isolate { on: false, .. } => self.isolated.clear(),
            Step::Replay { a, to, from } => {
                if let Some(message) = self.attack.messages.pick(a).cloned() {
                    self.deliver(Envelope { from: from % replicas, to: to % replicas, message });
                }
            }
            Step::Late { a } => {
                let Some(at) = a.checked_rem(self.late.len()) else { return };
                let (from, to, message) = self.late[at].clone();
                self.input(to, Input::Message { from: ReplicaId(from), message });
            }
            Step::Mutate { a, at, with } => self.mutate(a, at, with),
            Step::Forge { what, b, c } => {
                if let Some(message) = self.forge(what, b, c) {
                    self.attack.observe(&message);
                    let from = self.attack.keys.get(b % self.attack.keys.len().max(1)).copied();
                    for to in 0..replicas {
                        if what < 128 || usize::from(to) == c % usize::from(replicas) {
                            let message = message.clone();
                            self.deliver(Envelope { from: from.unwrap_or(c as u16 % replicas), to, message });
                        }
                    }
                }
            }
            Step::Command { client, sequence, what } => self.ask(client, sequence, what),
            Step::Refused { from, what } => self.refused(from, what),
            Step::Time { jump, to } => self.pass_time(jump, to),
            Step::Crash { replica, records } => {
                let id = replica % replicas;
                match records {
                    0 if self.replicas[usize::from(id)].is_some() => {
                        self.replicas[usize::from(id)] = None;
                        self.start(id);
                    }
                    _ => self.fuses[usize::from(id)] = Some(records),
                }
            }
        }
    }

    /// Changes bytes of a message, or cuts some off; what still decodes arrives.
    fn mutate(&mut self, a: usize, at: usize, with: u8) {
        let Some(message) = self.attack.messages.pick(a) else { return };
        let mut bytes = wire::encode(message);
        let position = at * bytes.len() / 256;
        if with < 16 {
            bytes.truncate(position);
        } else {
            bytes[position] ^= with;
        }
        if let Ok(message) = wire::decode::<Message>(&bytes) {
            let replicas = self.setting.replicas();
            let (from, to) = (with as u16 % replicas, a as u16 % replicas);
            self.deliver(Envelope { from, to, message });
        }
    }

    pub(super) fn ask(&mut self, of: u8, sequence: u64, what: u8) {
        let joiner = self.setting.joiner();
        let id = ReplicaId(u16::from(what / 8) % (joiner + 1));
        match what % 8 {
            0 | 4 => {
                let id = if what < 128 { joiner } else { id.0 };
                let member = Member { id: ReplicaId(id), key: secret(id).public(), power: Power(1) };
                self.command(of, sequence, CommitteeChange::Add(member));
            }
            1 => self.command(of, sequence, CommitteeChange::Remove(id)),
            2 => {
                let power = Power(1 + u64::from(of / 4 % 3));
                self.command(of, sequence, CommitteeChange::SetPower { replica: id, power });
            }
            3 => {
                let member = Member { id, key: PublicKey([what; 32]), power: Power(u64::from(of)) };
                self.command(of, sequence, CommitteeChange::Add(member));
            }
            5 => self.command(of, sequence, vec![what; usize::from(what)]),
            _ => self.command(of, sequence, vec![of; usize::from(what / 4)]),
        }
    }

    fn refused(&mut self, from: u16, what: u8) {
        let kinds = [None, Some(MessageKind::FetchResponse), Some(MessageKind::Vote)];
        let epoch = Epoch(u64::from(what / 16));
        let reasons = [
            Refusal::UnknownEpoch { epoch, newest: Epoch(0) },
            Refusal::OldEpoch { epoch, oldest: Epoch(9) },
            Refusal::BadSignature(ReplicaId(from)),
        ];
        let (kind, why) = (kinds[usize::from(what) % 3], reasons[usize::from(what) / 3 % 3].clone());
        let to = u16::from(what) % self.setting.replicas();
        self.input(to, Input::RefusedMessage { from: ReplicaId(from), kind, why });
        let id = command::CommandId { client: client(what).public(), sequence: SequenceNumber(from.into()) };
        let why = command::NotAdmitted::BadSignature;
        self.input(to, Input::RefusedCommand { command: id, why });
    }

    fn pass_time(&mut self, jump: u8, to: u8) {
        let due = self.replicas.iter().flatten().filter_map(Replica::deadline).min();
        self.now = match jump {
            0..160 => self.now.max(due.unwrap_or(self.now)),
            160..224 => self.now + Span::millis(u64::from(jump - 160)),
            224..250 => self.now + Span::millis(u64::from(jump) * u64::from(to) * 10),
            250..254 => self.now,
            254 => Time(self.now.0 / 2), // a clock that goes back: no time passed
            _ => self.now + Span(u64::MAX / 8),
        };
        let replicas = self.setting.replicas();
        for id in (0..replicas).filter(|id| to >= 128 || u16::from(to) % replicas == *id) {
            self.input(id, Input::Tick);
        }
    }
}
