//! Sends the visitor's commands: the core's client, with a WebSocket to each replica.
//!
//! The connections are made when the first command is sent. The key is drawn then, and lives as
//! long as the page.

use crate::model::operation::{self, Request};
use crate::source::live::backoff::Backoff;
use crate::source::live::directory::Peer;
use crate::source::live::inbox::Inbox;
use crate::source::live::socket::{Received, Socket};
use crate::source::live::{Tasks, wall_clock};
use crate::source::report::Report;
use gloo_timers::future::TimeoutFuture;
use hotstuff_core::client::{Client, ClientConfig, ClientOutput};
use hotstuff_core::command::Command;
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::link::{ClientFrame, ReplicaFrame};
use hotstuff_core::{Committee, ReplicaId, SequenceNumber, verify};
use hotstuff_kv::Request as Asked;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::Arc;

/// How often links look for commands to send and timers to run.
const BEAT_MS: u32 = 50;
/// Most commands waiting for one link; the core's client sends again what does not fit.
const QUEUE_MAX: usize = 256;

/// The client and its links.
pub struct ClientTasks {
    inbox: Rc<Inbox>,
    tasks: Weak<Tasks>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    peers: Vec<Peer>,
    client: Option<(Client, Arc<Committee>)>,
    queues: BTreeMap<ReplicaId, VecDeque<Command>>,
    texts: BTreeMap<SequenceNumber, String>,
}

impl ClientTasks {
    /// A client that has no key and no links yet.
    pub fn new(inbox: Rc<Inbox>, tasks: Rc<Tasks>) -> Rc<Self> {
        Rc::new(Self { inbox, tasks: Rc::downgrade(&tasks), state: RefCell::default() })
    }

    /// These are the replicas.
    pub fn meet(&self, peers: &[Peer]) {
        self.state.borrow_mut().peers = peers.to_vec();
    }

    /// Signs `operation` and sends it to all replicas.
    pub fn submit(self: &Rc<Self>, committee: Arc<Committee>, request: &Asked, text: String) {
        if let Err(why) = self.connect(committee) {
            self.inbox.push(Report::Requested(Request::Failed { why }));
            return;
        }
        let mut state = self.state.borrow_mut();
        let Some((client, _)) = &mut state.client else { return };
        match client.submit(wall_clock(), request.encode()) {
            Ok(sequence) => {
                state.texts.insert(sequence, text.clone());
                self.inbox.push(Report::Requested(Request::Waiting { text }));
            }
            Err(why) => self.inbox.push(Report::Requested(Request::Failed { why: why.to_string() })),
        }
        drop(state);
        self.perform();
    }

    /// Draws a key and connects to all replicas, the first time.
    fn connect(self: &Rc<Self>, committee: Arc<Committee>) -> Result<(), String> {
        let mut state = self.state.borrow_mut();
        if state.client.is_some() {
            return Ok(());
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| format!("no random bytes for a key: {error}"))?;
        let first = SequenceNumber(wall_clock().0);
        let key = SecretKey::from_seed(seed);
        let client = Client::new(key, committee.clone(), ClientConfig::default(), first);
        state.client = Some((client, committee));
        let Some(tasks) = self.tasks.upgrade() else { return Ok(()) };
        for peer in &state.peers {
            tasks.spawn(link(self.clone(), peer.clone()));
        }
        tasks.spawn(beat(self.clone()));
        Ok(())
    }

    /// Does what the core's client wants done.
    fn perform(&self) {
        let mut state = self.state.borrow_mut();
        let State { client, queues, texts, .. } = &mut *state;
        let Some((client, _)) = client else { return };
        while let Some(output) = client.poll_output() {
            match output {
                ClientOutput::Broadcast(command) => {
                    for queue in queues.values_mut().filter(|queue| queue.len() < QUEUE_MAX) {
                        queue.push_back(command.clone());
                    }
                }
                ClientOutput::Done { sequence, outcome, replicas, .. } => {
                    let text = texts.remove(&sequence).unwrap_or_default();
                    let (answer, height) = operation::in_words(&outcome);
                    let request = Request::Done { text, answer, height, replicas };
                    self.inbox.push(Report::Requested(request));
                }
                ClientOutput::GaveUp { sequence, replies } => {
                    let text = texts.remove(&sequence).unwrap_or_default();
                    let count = replies.len();
                    let why = format!("“{text}” was given up: {count} replied, and no f+1 agree");
                    self.inbox.push(Report::Requested(Request::Failed { why }));
                }
            }
        }
    }

    fn take(&self, frame: ReplicaFrame) -> Result<(), String> {
        let ReplicaFrame::Replies(replies) = frame;
        let mut state = self.state.borrow_mut();
        let Some((client, committee)) = &mut state.client else { return Ok(()) };
        let replies = verify::replies(committee, replies).map_err(|refusal| refusal.to_string())?;
        client.handle_replies(wall_clock(), replies);
        drop(state);
        self.perform();
        Ok(())
    }

    /// What a link to `id` is to send once it stands.
    fn begin(&self, id: ReplicaId) {
        let mut state = self.state.borrow_mut();
        let State { client, queues, .. } = &mut *state;
        let commands = client.iter().flat_map(|(client, _)| client.in_flight().cloned());
        queues.insert(id, commands.collect());
    }

    fn next(&self, id: ReplicaId) -> Option<Command> {
        self.state.borrow_mut().queues.get_mut(&id)?.pop_front()
    }

    fn end(&self, id: ReplicaId) {
        self.state.borrow_mut().queues.remove(&id);
    }
}

/// Runs the client's timers.
async fn beat(tasks: Rc<ClientTasks>) {
    loop {
        TimeoutFuture::new(BEAT_MS).await;
        if let Some((client, _)) = &mut tasks.state.borrow_mut().client {
            client.handle_tick(wall_clock());
        }
        tasks.perform();
    }
}

/// Keeps a link to one replica, for commands there and replies back.
async fn link(tasks: Rc<ClientTasks>, peer: Peer) {
    let mut backoff = Backoff::default();
    loop {
        if let Ok(socket) = Socket::open(&format!("{}/client", peer.socket)) {
            tasks.begin(peer.id);
            // Why it ended shows at the observer's link to the same replica.
            let _ = exchange(&tasks, peer.id, socket, &mut backoff).await;
            tasks.end(peer.id);
        }
        TimeoutFuture::new(backoff.next_ms()).await;
    }
}

async fn exchange(
    tasks: &ClientTasks,
    id: ReplicaId,
    mut socket: Socket,
    backoff: &mut Backoff,
) -> Result<(), String> {
    loop {
        while let Some(command) = tasks.next(id) {
            socket.send(&ClientFrame::Submit(command)).await?;
        }
        match socket.receive(BEAT_MS).await {
            Received::Over(why) => return Err(why),
            Received::Nothing => {}
            Received::Frame(frame) => {
                tasks.take(frame)?;
                backoff.reset();
            }
        }
    }
}
