//! The network: how long messages take and which of them get lost.

use crate::config::{LinkConfig, SimConfig};
use crate::ids::{ClientNumber, HostId};
use crate::rng::Rng;
use crate::script::{ViewScript, own_view};
use hotstuff_core::command::{Command, NotAdmitted, Replies};
use hotstuff_core::{
    Committee, Committees, Epoch, Message, Refusal, ReplicaId, Span, Time, Verified, View, verify,
};
use std::collections::{BTreeMap, BTreeSet};
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
        verdicts.reserve_exact(1); // few letters need another
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

/// What a packet carries, and between whom.
#[derive(Clone)]
pub(crate) enum Load {
    /// From one host to another.
    Message { from: HostId, to: HostId, letter: Arc<Letter<Message, Refusal>> },
    /// From a client to a host.
    Command { client: ClientNumber, to: HostId, letter: Arc<Letter<Command, NotAdmitted>> },
    /// From a host to a client, who alone verifies it.
    Replies { from: HostId, client: ClientNumber, replies: Arc<Replies> },
}

/// A message on its way.
#[derive(Clone)]
pub(crate) struct Packet {
    pub(crate) id: u64,
    pub(crate) load: Load,
    pub(crate) sent: Time,
    /// It will get lost: it is on its way only for the eye.
    pub(crate) is_lost: bool,
}

/// All links, with the chance that rules them.
#[derive(Clone)]
pub(crate) struct Network {
    links: LinkConfig,
    /// Links that were set one by one, in one direction.
    single: BTreeMap<(HostId, HostId), LinkConfig>,
    /// Directions in which nothing arrives.
    cuts: BTreeSet<(HostId, HostId)>,
    /// Who hears whom in the first views; empty once the network is stable.
    script: ViewScript,
    /// The replicas that run twice.
    twins: Vec<ReplicaId>,
    rng: Rng,
    sent: u64,
}

impl Network {
    pub(crate) fn new(config: &SimConfig, rng: Rng) -> Self {
        Self {
            links: config.links,
            single: BTreeMap::new(),
            cuts: BTreeSet::new(),
            script: config.script.clone(),
            twins: config.twins.clone(),
            rng,
            sent: 0,
        }
    }

    /// Changes how links behave for what is sent from now on.
    pub(crate) fn set_links(&mut self, links: LinkConfig) {
        self.links = links;
    }

    /// Changes how one direction of a link behaves.
    pub(crate) fn set_link(&mut self, from: HostId, to: HostId, link: LinkConfig) {
        self.single.insert((from, to), link);
    }

    /// Lets nothing through in one direction.
    pub(crate) fn cut(&mut self, from: HostId, to: HostId) {
        self.cuts.insert((from, to));
    }

    /// Ends a cut.
    pub(crate) fn mend(&mut self, from: HostId, to: HostId) {
        self.cuts.remove(&(from, to));
    }

    /// Ends all cuts.
    pub(crate) fn mend_all(&mut self) {
        self.cuts.clear();
    }

    /// All links are as by default, none is cut, and no script holds.
    pub(crate) fn stabilize(&mut self) {
        self.links = LinkConfig::default();
        self.single.clear();
        self.cuts.clear();
        self.script = ViewScript::default();
    }

    /// Which directions are cut.
    pub(crate) fn cuts(&self) -> impl Iterator<Item = (HostId, HostId)> + '_ {
        self.cuts.iter().copied()
    }

    /// Sends something off; `view` tells which view a host is in. Returns when it would arrive, and when
    /// once more if it is repeated.
    pub(crate) fn send(
        &mut self,
        now: Time,
        load: Load,
        view: impl FnOnce(HostId) -> View,
    ) -> (Packet, Time, Option<Time>) {
        let way = match load {
            Load::Message { from, to, .. } => Some((from, to)),
            Load::Command { .. } | Load::Replies { .. } => None,
        };
        let link = way.and_then(|way| self.single.get(&way)).copied().unwrap_or(self.links);
        // All are drawn each time, so that a change of one setting leaves the other's draws alone.
        let [delay, again] = [(); 2].map(|()| self.delay(&link));
        let (is_unlucky, is_repeated) = (self.rng.happens(link.loss_ppm), self.rng.happens(link.repeat_ppm));
        let is_cut = way.is_some_and(|way| self.cuts.contains(&way));
        let is_lost = is_unlucky || is_cut || self.is_kept_back(&load, view);
        let packet = Packet { id: self.number(), load, sent: now, is_lost };
        (packet, now + delay, (is_repeated && !is_lost).then_some(now + again))
    }

    /// Whether the script does not let something through.
    fn is_kept_back(&self, load: &Load, view: impl FnOnce(HostId) -> View) -> bool {
        if self.script.0.is_empty() {
            return false;
        }
        match *load {
            Load::Message { from, to, ref letter } => {
                let view = own_view(letter.content()).unwrap_or_else(|| view(from));
                self.script.separates(view, from, to)
            }
            Load::Command { client, to, .. } => {
                self.twins.contains(&to.replica) && to.twin == client.0.is_multiple_of(2)
            }
            Load::Replies { .. } => false,
        }
    }

    /// The number of the next packet.
    pub(crate) fn number(&mut self) -> u64 {
        self.sent += 1;
        self.sent - 1
    }

    fn delay(&mut self, link: &LinkConfig) -> Span {
        let usual = self.rng.within(link.delay_min_us.0, link.delay_max_us.0);
        let late = self.rng.within(0, link.late_max_us.0);
        Span(if self.rng.happens(link.late_ppm) { usual.saturating_add(late) } else { usual })
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
