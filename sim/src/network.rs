//! The network: how long messages take and which of them get lost.

use crate::config::LinkConfig;
use crate::rng::Rng;
use hotstuff_core::command::{Command, NotAdmitted, Reply};
use hotstuff_core::message::MessageKind;
use hotstuff_core::{
    Committee, Committees, Epoch, Message, Refusal, ReplicaId, Time, Verified, View, verify,
};
use std::sync::{Arc, Mutex};

/// Something sent, and what verification says about it. Verification is pure, so all receivers of
/// a broadcast that know the same committees share one result; it is worked out when the first of
/// them receives it.
pub(crate) struct Letter<T, E> {
    content: T,
    verdicts: Mutex<Vec<Verdict<T, E>>>,
}

type Verdict<T, E> = (Epochs, Result<Verified<T>, E>);

/// Between which epochs a receiver knows committees.
type Epochs = (Epoch, Epoch);

impl<T: Clone, E: Clone> Letter<T, E> {
    pub(crate) fn new(content: T) -> Arc<Self> {
        Arc::new(Self { content, verdicts: Mutex::default() })
    }

    /// What was sent.
    pub(crate) fn content(&self) -> &T {
        &self.content
    }

    fn verified_by(
        &self,
        epochs: Epochs,
        verify: impl FnOnce(T) -> Result<Verified<T>, E>,
    ) -> Result<Verified<T>, E> {
        let mut verdicts = self.verdicts.lock().expect("verification does not panic");
        if let Some((_, verdict)) = verdicts.iter().find(|(known, _)| *known == epochs) {
            return verdict.clone();
        }
        let verdict = verify(self.content.clone());
        verdicts.push((epochs, verdict.clone()));
        verdict
    }
}

impl Letter<Message, Refusal> {
    pub(crate) fn verified(&self, committees: &Committees) -> Result<Verified<Message>, Refusal> {
        self.verified_by(committees.epochs(), |message| verify::message(committees, message))
    }
}

impl Letter<Command, NotAdmitted> {
    pub(crate) fn verified(&self, committee: &Committee) -> Result<Verified<Command>, NotAdmitted> {
        self.verified_by(Epochs::default(), |command| verify::command(committee, command))
    }
}

impl Letter<Reply, Refusal> {
    pub(crate) fn verified(&self, committee: &Committee) -> Result<Verified<Reply>, Refusal> {
        self.verified_by(Epochs::default(), |reply| verify::reply(committee, reply))
    }
}

/// What a packet carries, and between whom.
#[derive(Clone)]
pub(crate) enum Load {
    /// From one replica to another.
    Message { from: ReplicaId, to: ReplicaId, letter: Arc<Letter<Message, Refusal>> },
    /// From the client to a replica.
    Command { to: ReplicaId, letter: Arc<Letter<Command, NotAdmitted>> },
    /// From a replica to the client.
    Reply { from: ReplicaId, letter: Arc<Letter<Reply, Refusal>> },
}

/// A message on its way.
pub(crate) struct Packet {
    pub(crate) id: u64,
    pub(crate) load: Load,
    pub(crate) sent: Time,
    /// It will get lost: it is on its way only for the eye.
    pub(crate) is_lost: bool,
}

/// All links, with the chance that rules them.
pub(crate) struct Network {
    links: LinkConfig,
    rng: Rng,
    sent: u64,
}

impl Network {
    pub(crate) fn new(links: LinkConfig, rng: Rng) -> Self {
        Self { links, rng, sent: 0 }
    }

    /// Changes how links behave for what is sent from now on.
    pub(crate) fn set_links(&mut self, links: LinkConfig) {
        self.links = links;
    }

    /// Sends something off. Returns when it would arrive.
    pub(crate) fn send(&mut self, now: Time, load: Load) -> (Time, Packet) {
        let LinkConfig { delay_min_us, delay_max_us, loss_ppm } = self.links;
        // Both are drawn each time, so that a change of one setting leaves the other's draws alone.
        let delay = self.rng.within(delay_min_us.0, delay_max_us.0);
        let is_lost = self.rng.happens(loss_ppm);
        let id = self.sent;
        self.sent += 1;
        (now + hotstuff_core::Span(delay), Packet { id, load, sent: now, is_lost })
    }
}

/// Which view a message is about: the one it was sent for, or the highest it has a certificate of.
pub(crate) fn view_of(message: &Message) -> Option<View> {
    match message {
        Message::Proposal(proposal) => Some(proposal.block.view()),
        Message::Vote(vote) => Some(vote.block.view),
        Message::Timeout(timeout) => Some(timeout.view),
        Message::NewView(new_view) => {
            let tc = new_view.tc.as_ref().map(|tc| tc.view);
            Some(tc.map_or(new_view.high_qc.view(), |tc| tc.max(new_view.high_qc.view())))
        }
        Message::FetchRequest(request) => request.target.map(|target| target.view),
        Message::SnapshotRequest(_) | Message::SnapshotChunk(_) => None,
        Message::FetchResponse(response) => response.blocks.last().map(hotstuff_core::Block::view),
    }
}

/// A message between replicas on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// Its number within the run.
    pub id: u64,
    /// Who sent it.
    pub from: ReplicaId,
    /// To whom.
    pub to: ReplicaId,
    /// What it is.
    pub kind: MessageKind,
    /// The view it is about.
    pub view: Option<View>,
    /// When it was sent.
    pub sent: Time,
    /// When it arrives, or would.
    pub arrives: Time,
    /// Whether it gets lost.
    pub dropped: bool,
}

/// A command or reply on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientInFlight {
    /// Its number within the run.
    pub id: u64,
    /// The replica at its other end.
    pub replica: ReplicaId,
    /// Whether it is a reply on its way to the client; else it is a command.
    pub is_reply: bool,
    /// The command's number.
    pub sequence: hotstuff_core::SequenceNumber,
    /// When it was sent.
    pub sent: Time,
    /// When it arrives, or would.
    pub arrives: Time,
    /// Whether it gets lost.
    pub dropped: bool,
}
