//! A cluster whose honest replicas are real and watched, and an attacker who sees and moves all.

#![allow(dead_code, reason = "each user takes its part")]

mod attack;
mod forge;
mod seen;
mod setting;
mod step;
mod watch;

pub use setting::{CLUSTER, Corrupt, Setting, client, secret};
pub use step::Step;

use attack::Attack;
use hotstuff_core::command::Command;
use hotstuff_core::crypto::{Digest, Domain};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::snapshot::SnapshotChunk;
use hotstuff_core::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use watch::Watch;

/// An application that hashes what it is told.
#[derive(Default)]
pub struct Chain(Digest);

impl App for Chain {
    fn execute(&mut self, operation: &[u8]) -> Vec<u8> {
        self.0 = Digest::of(Domain::Merkle, &[&self.0.0, operation]);
        operation[..operation.len().min(9)].to_vec()
    }

    fn root(&self) -> Digest {
        self.0
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.0.to_vec()
    }

    fn restore(&mut self, snapshot: &[u8]) -> Result<(), NoSnapshot> {
        self.0 = Digest(snapshot.try_into().map_err(|_| NoSnapshot)?);
        Ok(())
    }
}

#[derive(Clone, Debug)]
struct Envelope {
    from: u16,
    to: u16,
    message: Message,
}

type Verdict = Result<Verified<Message>, Refusal>;

pub struct World {
    setting: Setting,
    committee: Arc<Committee>,
    replicas: Vec<Option<Replica<Chain>>>,
    watches: Vec<Watch>,
    /// The committees that each has told its driver of.
    known: Vec<Option<Arc<Committees>>>,
    /// After how many more records each crashes, if it is to.
    fuses: Vec<Option<usize>>,
    /// Whom nothing reaches.
    isolated: BTreeSet<u16>,
    lanes: VecDeque<Envelope>,
    late: VecDeque<(u16, u16, Verified<Message>)>,
    attack: Attack,
    verdicts: HashMap<(Digest, Vec<u8>), Verdict>,
    now: Time,
    is_warm: bool,
    /// Whether no committee so far held more corrupt power than f.
    is_tolerable: bool,
    /// What honest replicas have committed, and the states after it.
    agreed: BTreeMap<(Height, bool), Digest>,
    /// What happened, by the first word of the events.
    pub seen: BTreeMap<&'static str, u32>,
}

const LANES_MAX: usize = 600;
const LATE_MAX: usize = 64;

impl World {
    pub fn new(setting: Setting) -> Self {
        let committee = setting.committee();
        let count = setting.replicas();
        let mut world = Self {
            replicas: (0..count).map(|_| None).collect(),
            watches: (0..count).map(|id| Watch::new(id, &committee)).collect(),
            known: vec![None; usize::from(count)],
            fuses: vec![None; usize::from(count)],
            isolated: BTreeSet::new(),
            lanes: VecDeque::new(),
            late: VecDeque::new(),
            attack: Attack::new(&committee, &setting.corrupt),
            verdicts: HashMap::new(),
            now: Time(1_000),
            is_warm: false,
            is_tolerable: true,
            agreed: BTreeMap::new(),
            seen: BTreeMap::new(),
            setting,
            committee,
        };
        (0..count).for_each(|id| world.start(id));
        world.warm_up();
        for id in &world.setting.corrupt {
            world.replicas[usize::from(*id)] = None;
        }
        world.isolated.clear();
        world.is_warm = true;
        world
    }

    /// Plays the run that `bytes` write, and panics where a promise is broken.
    pub fn play(bytes: &[u8], corrupt: Corrupt) -> Self {
        let (head, steps) = bytes.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        let mut world = Self::new(Setting::of(*head, corrupt));
        for step in Step::all(steps) {
            world.step(step);
        }
        world.recovers();
        world
    }

    /// Once messages arrive in time again, and as long as corrupt replicas keep silent, commands
    /// are executed by all honest members.
    fn recovers(&mut self) {
        self.isolated.clear();
        let start = self.committed();
        for round in 0..80 {
            let is_far = self.now > Time(u64::MAX / 2);
            if is_far || !self.is_led() || !self.is_tolerable || self.laggard(start).is_none() {
                return;
            }
            self.command(7, 1_000 + round, b"again");
            self.step(Step::Flow { count: 2 * LANES_MAX });
            self.step(Step::Time { jump: 0, to: 255 });
        }
        let states: Vec<_> = self.replicas.iter().flatten().map(Replica::status).collect();
        panic!("no progress beyond height {start}, {:?}: {states:#?}", self.setting);
    }

    /// Whether enough honest leaders follow each other for a commit. In round robin, leaders of
    /// little power may be many enough to keep that from happening.
    fn is_led(&self) -> bool {
        let newest = self.replicas.iter().flatten().map(|replica| replica.committees().newest());
        let Some(committee) = newest.max_by_key(|committee| committee.epoch()) else { return false };
        let honest: Vec<bool> = committee.ids().map(|id| !self.setting.corrupt.contains(&id.0)).collect();
        let needed = self.setting.spec.rule.commit_depth() + 1;
        let in_a_row = |start: usize| (start..start + needed).all(|at| honest[at % honest.len()]);
        match self.setting.spec.leaders {
            LeaderRule::Fixed(_) => false,
            LeaderRule::Reputation => true,
            LeaderRule::RoundRobin => (0..honest.len()).any(in_a_row),
        }
    }

    /// An honest member that has committed nothing above `height`.
    fn laggard(&self, height: Height) -> Option<ReplicaId> {
        let members = self.replicas.iter().flatten().map(Replica::status).filter(|status| status.member);
        members.filter(|status| status.committed_head.height <= height).map(|status| status.id).next()
    }

    /// Before the attack begins all replicas do as they should.
    fn warm_up(&mut self) {
        if self.setting.warm_up % 4 < 2 {
            let last = self.setting.joiner() - u16::from(self.setting.warm_up % 4);
            self.isolated = [last].into();
        }
        for round in 0..self.setting.warm_up {
            match round % 8 {
                0 | 4 => self.command(1 + round, 100 + u64::from(round), &[round]),
                2 if self.setting.warm_up % 2 == 1 => self.ask(0, 50 + u64::from(round), round << 2),
                _ => {}
            }
            self.step(Step::Flow { count: 40 });
            self.step(Step::Time { jump: 0, to: 255 });
        }
    }

    /// What was said and stored of late, encoded.
    pub fn said(&self) -> Vec<Vec<u8>> {
        let messages = self.attack.messages.iter().map(wire::encode);
        let commands = self.attack.commands.iter().map(wire::encode);
        let records =
            self.watches.iter().flat_map(|watch| watch.disk.iter().rev().take(16)).map(wire::encode);
        messages.chain(commands).chain(records).collect()
    }

    /// How far the honest replicas came.
    pub fn committed(&self) -> Height {
        self.watches.iter().map(|watch| watch.head().height).max().unwrap_or_default()
    }

    /// The latest epoch that an honest replica knows.
    pub fn epoch(&self) -> Epoch {
        let known = self.replicas.iter().flatten().map(|replica| replica.committees().epochs().1);
        known.max().unwrap_or_default()
    }

    fn start(&mut self, id: u16) {
        if self.is_warm && self.setting.corrupt.contains(&id) {
            return;
        }
        let at = usize::from(id);
        self.fuses[at] = None;
        self.known[at] = None;
        self.late.retain(|(_, to, _)| *to != id);
        self.watches[at].restarted();
        let setup = Setup {
            id: ReplicaId(id),
            key: secret(id),
            committee: self.committee.clone(),
            joins_later: id >= self.setting.joiner(),
            config: self.setting.config,
        };
        match Replica::new(setup, Chain::default(), self.watches[at].recovered(), self.now) {
            Ok(replica) => self.replicas[at] = Some(replica),
            Err(why) => assert!(!self.is_tolerable, "r{id} does not start again: {why}"),
        }
        self.drain(id);
    }

    fn input(&mut self, id: u16, input: Input) {
        if let Some(replica) = self.replicas.get_mut(usize::from(id)).and_then(Option::as_mut) {
            replica.handle(self.now, input);
            self.drain(id);
        }
    }

    /// Performs what a replica asks for, in order, up to its crash.
    fn drain(&mut self, id: u16) {
        let at = usize::from(id);
        let Some(mut replica) = self.replicas[at].take() else { return };
        let mut committees = self.known[at].take().unwrap_or_else(|| replica.committees().clone());
        let mut loads = Vec::new();
        let mut messages = Vec::new();
        let mut is_down = false;
        while let Some(output) = replica.poll_output() {
            match output {
                Output::Persist(record) => {
                    if self.fuses[at] == Some(0) {
                        is_down = true;
                        break;
                    }
                    self.watches[at].persisted(&record);
                    let head = self.watches[at].head();
                    self.agree(head.height, head.id, false);
                    if self.fuses[at] == Some(1) {
                        is_down = true;
                        break;
                    }
                    self.fuses[at] = self.fuses[at].map(|records| records.saturating_sub(2));
                }
                Output::Send { to, message } => {
                    self.watches[at].sent(Some(to), &message);
                    messages.push((committees.clone(), Some(to), message));
                }
                Output::Broadcast(message) => {
                    self.watches[at].sent(None, &message);
                    messages.push((committees.clone(), None, message));
                }
                Output::Replies(replies) => {
                    assert_eq!(replies.replica, ReplicaId(id));
                }
                Output::Load { peer, target, epoch, from, to } => {
                    let wanted = |block: &Block| (from..=to).contains(&block.height());
                    let blocks = self.watches[at].recovered().committed.into_iter().filter(wanted).collect();
                    loads.push(Input::Loaded { peer, target, epoch, blocks });
                }
                Output::LoadSnapshot { peer, request, bytes_max } => {
                    let snapshot = self.watches[at].recovered().snapshot;
                    let chunk = snapshot.map_or_else(SnapshotChunk::none, |snapshot| {
                        let encoded = wire::encode(&snapshot);
                        SnapshotChunk::cut(&encoded, snapshot.base().height(), request, bytes_max)
                    });
                    loads.push(Input::SnapshotLoaded { peer, chunk });
                }
                Output::Committees(new) => committees = new,
                Output::Event(event) => self.note(&event),
            }
        }
        for (known, to, message) in messages {
            self.check_own(&known, &message);
            self.send(id, to, message);
        }
        if is_down {
            self.start(id);
            return;
        }
        self.check_committees(&committees);
        self.known[at] = Some(committees);
        self.watches[at].at_rest(&replica, self.now, &self.setting);
        self.replicas[at] = Some(replica);
        loads.into_iter().for_each(|load| self.input(id, load));
    }

    fn send(&mut self, from: u16, to: Option<ReplicaId>, message: Message) {
        self.attack.observe(&message);
        let all = 0..self.setting.replicas();
        let isolated = self.isolated.clone();
        let is_to = |id: &u16| *id != from && to.is_none_or(|to| to.0 == *id) && !isolated.contains(id);
        for to in all.filter(is_to) {
            if self.lanes.len() >= LANES_MAX {
                self.lanes.pop_front();
            }
            self.lanes.push_back(Envelope { from, to, message: message.clone() });
        }
    }

    /// Verifies, or tells what it told before of the same message and committees.
    fn verify(&mut self, committees: &Committees, message: &Message) -> Verdict {
        let told: Vec<_> = committees.iter().map(|one| (one.epoch(), one.members())).collect();
        let key = (Digest::of_value(Domain::Schedule, &told), wire::encode(message));
        if self.verdicts.len() > 2_000 {
            self.verdicts.clear();
        }
        let verdict = || verify::message(committees, message.clone());
        self.verdicts.entry(key).or_insert_with(verdict).clone()
    }

    /// What a replica sends passes with those who know the same committees. Blocks for a laggard
    /// may be of an epoch that is over here.
    fn check_own(&mut self, committees: &Committees, message: &Message) {
        match self.verify(committees, message) {
            Ok(_) => {}
            Err(Refusal::OldEpoch { .. }) if matches!(message, Message::FetchResponse(_)) => {}
            Err(why) => panic!("its own message is refused, {why}: {message:?}"),
        }
    }

    fn check_committees(&mut self, committees: &Committees) {
        let corrupt = || self.setting.corrupt.iter().copied().map(ReplicaId);
        self.is_tolerable &= committees.iter().all(|one| one.power_of(corrupt()) <= one.faulty_max());
    }

    fn note(&mut self, event: &Event) {
        *self.seen.entry(seen::name(event)).or_default() += 1;
        if let Event::Committed { block, state_root } = event {
            self.agree(block.block.height, *state_root, true);
        }
    }

    /// Honest replicas commit the same blocks and reach the same states.
    fn agree(&mut self, height: Height, digest: Digest, is_state: bool) {
        if self.is_tolerable {
            let agreed = *self.agreed.entry((height, is_state)).or_insert(digest);
            assert_eq!(agreed, digest, "agreement at height {height}");
        }
    }

    /// Hands a message to its receiver, as a driver does.
    fn deliver(&mut self, Envelope { from, to, message }: Envelope) {
        let Some(replica) = self.replicas.get(usize::from(to)).and_then(Option::as_ref) else { return };
        let (committees, kind, from_id) = (replica.committees().clone(), message.kind(), ReplicaId(from));
        let input = match self.verify(&committees, &message) {
            Ok(message) => {
                if self.late.len() >= LATE_MAX {
                    self.late.pop_front();
                }
                self.late.push_back((from, to, message.clone()));
                Input::Message { from: from_id, message }
            }
            Err(why) => Input::RefusedMessage { from: from_id, kind: Some(kind), why },
        };
        self.input(to, input);
    }

    fn command(&mut self, of: u8, sequence: u64, operation: impl Into<command::Operation>) {
        let command = Command::signed(&client(of), &CLUSTER, SequenceNumber(sequence), operation);
        self.attack.note_command(&command);
        for id in 0..self.setting.replicas() {
            let input = match verify::command(&self.committee, command.clone()) {
                Ok(verified) => Input::Command(verified),
                Err(why) => Input::RefusedCommand { command: command.id, why },
            };
            self.input(id, input);
        }
    }
}
