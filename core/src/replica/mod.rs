//! One replica's state machine: what it holds, and where each input goes.
//!
//! The rules themselves are in the neighbouring files: `proposing`, `voting`, `views`, `chain`
//! (certificates, lock and commit), `fetching` and `clients`.

mod chain;
mod clients;
mod equivocation;
mod essence;
mod fetching;
mod proposing;
mod reading;
mod recovery;
mod schedules;
mod snapshots;
mod views;
mod voting;

use crate::app::App;
use crate::certificate::{BlockRef, QuorumCertificate, TimeoutCertificate};
use crate::collector::{TimeoutCollector, VoteCollector};
use crate::committee::Committee;
use crate::committees::Committees;
use crate::config::{Config, ConfigError};
use crate::crypto::SecretKey;
use crate::event::{BlockSummary, EntryCause, Event};
use crate::fetch::Fetch;
use crate::footprint::Footprint;
use crate::ids::{Epoch, ReplicaId, Time, View};
use crate::io::{Input, Output, Record, Recovered};
use crate::ledger::Ledger;
use crate::mempool::Mempool;
use crate::message::{Message, Proposal};
use crate::pacemaker::Pacemaker;
use crate::refusal::Refusal;
use crate::safety::Safety;
use crate::serving::{Request, Serving};
use crate::status::Status;
use crate::tree::BlockTree;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use snapshots::Snapshots;

pub use crate::pacemaker::Standing;
pub use essence::Essence;
pub use reading::Certified;

/// What makes a replica, beside its application and what its store held.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Which member of the committee it is.
    pub id: ReplicaId,
    /// That member's secret key.
    pub key: SecretKey,
    /// The committee that the cluster started with.
    pub committee: Arc<Committee>,
    /// Whether it may be none of that committee, because a later one has it: it catches up, and
    /// votes once the chain says that it is a member.
    pub joins_later: bool,
    /// Its own settings.
    pub config: Config,
}

/// Why a replica cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A setting that cannot work.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The committee has no such member.
    #[error("{0} is not in the committee")]
    NotAMember(ReplicaId),
    /// The key is not the one that the committee names.
    #[error("the key is not that of {0} in the committee")]
    WrongKey(ReplicaId),
    /// The stored chain does not hang together, or is another cluster's.
    #[error("the store is damaged or belongs to another cluster: {0} does not extend the block before it")]
    CorruptStore(BlockRef),
    /// The stored chain executes to another state than its headers say.
    #[error("the store is damaged or made by another application: {0} names another state root")]
    StateMismatch(BlockRef),
    /// The stored safety record does not know of what is stored beside it, so it cannot keep this
    /// replica from contradicting itself.
    #[error(
        "the store is damaged: {head} is committed, and the safety record is older, with its lock on {lock}"
    )]
    SafetyBehind {
        /// The committed head.
        head: BlockRef,
        /// The lock of the record; genesis where there is none.
        lock: BlockRef,
    },
}

/// A replica: HotStuff around an application, without I/O.
///
/// Feed it with [`handle`](Self::handle), then drain [`poll_output`](Self::poll_output) and
/// perform the outputs in order; call `handle` with [`Input::Tick`] at the
/// [`deadline`](Self::deadline).
///
/// A clone signs with the same key: two that go on in different ways are one replica that equivocates.
/// It is for those who ask what could happen next, not for drivers.
#[derive(Clone)]
pub struct Replica<A> {
    id: ReplicaId,
    key: SecretKey,
    committee: Arc<Committee>,
    committees: Arc<Committees>,
    told_epoch: Epoch,
    config: Config,
    now: Time,
    safety: Safety,
    tree: BlockTree,
    ledger: Ledger<A>,
    pacemaker: Pacemaker,
    entry_cause: EntryCause,
    votes: VoteCollector,
    timeouts: TimeoutCollector,
    /// For whom an equivocation was reported last: in proposals, in votes.
    equivocators: BTreeMap<ReplicaId, (View, View)>,
    /// What it proposed in its view.
    own_proposal: Option<Proposal>,
    /// Whether the high QC was made here and nobody has been sent it.
    has_own_qc: bool,
    mempool: Mempool,
    fetch: Fetch,
    high_qc: QuorumCertificate,
    tc: Option<TimeoutCertificate>,
    /// Each leader's latest proposal whose parent is missing.
    waiting: BTreeMap<ReplicaId, Proposal>,
    snapshots: Snapshots,
    serving: Serving,
    is_halted: bool,
    outputs: VecDeque<Output>,
}

impl<A: App> Replica<A> {
    /// A replica that goes on from what its store held. Outputs may be waiting at once.
    ///
    /// `now` is the driver's time, which must never be less in a later call.
    ///
    /// # Errors
    /// [`SetupError`] when settings, key, committee and store do not belong together.
    pub fn new(setup: Setup, app: A, recovered: Recovered, now: Time) -> Result<Self, SetupError> {
        recovery::recover(setup, app, recovered, now)
    }

    /// Takes one input in at time `now` (an earlier time than before counts as no time passed).
    pub fn handle(&mut self, now: Time, input: Input) {
        self.now = self.now.max(now);
        if self.is_halted {
            return;
        }
        match input {
            Input::Tick => {}
            Input::Message { from, message } => self.on_message(from, message.into_inner()),
            Input::Command(command) => self.on_command(command.into_inner()),
            Input::RefusedMessage { from, kind, why } => {
                self.event(Event::MessageRefused { from, kind, why: why.clone() });
                self.note_refused(from, kind, &why);
            }
            Input::RefusedCommand { command, why } => self.refuse_command(command, why),
            Input::SnapshotLoaded { peer, chunk } => self.on_snapshot_loaded(peer, chunk),
            Input::Loaded { peer, target, epoch, blocks } => self.on_loaded(peer, target, epoch, blocks),
        }
        self.settle();
    }

    fn on_message(&mut self, from: ReplicaId, message: Message) {
        match message {
            Message::Proposal(proposal) => self.on_proposal(proposal),
            Message::Vote(vote) => self.on_vote(vote),
            Message::Timeout(timeout) => self.on_timeout(from, timeout),
            Message::NewView(new_view) => self.on_new_view(new_view),
            Message::FetchRequest(request) => self.on_request(from, Request::Blocks(request)),
            Message::FetchResponse(response) => self.on_fetch_response(from, response),
            Message::SnapshotRequest(request) => self.on_request(from, Request::Snapshot(request)),
            Message::SnapshotChunk(chunk) => self.on_snapshot_chunk(from, chunk),
        }
    }

    /// What every input may have made due: timers, proposals, fetches.
    fn settle(&mut self) {
        if self.is_halted {
            return;
        }
        self.check_view_timer();
        while !self.is_halted && self.try_propose() {}
        self.share_own_qc();
        self.note_epoch();
        self.note_missing();
        self.check_download_timers();
        self.check_fetch_timer();
        self.serve_waiting();
        let is_work = !self.mempool.is_empty() || self.tree.holds_uncommitted_commands(&self.high_qc.block);
        self.pacemaker.note_work(self.now, is_work);
    }

    /// The next thing to do, in order; `None` when all is done until the next input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle`](Self::handle) with [`Input::Tick`]. The answer changes with every
    /// input; `None` only when the replica has halted.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        if self.is_halted {
            return None;
        }
        let view_timer = self.pacemaker.deadline(&self.config);
        let (download, fetch) = (self.snapshots.downloads.deadline(), self.fetch.deadline());
        let others = [download, fetch, self.heartbeat_due(), self.serving.deadline()];
        Some(others.into_iter().flatten().fold(view_timer, Time::min))
    }

    /// The replica at a glance.
    #[must_use]
    pub fn status(&self) -> Status {
        let view = self.pacemaker.view();
        let head = self.tree.head();
        let schedule = self.schedule();
        Status {
            id: self.id,
            view,
            leader: schedule.leader(view),
            next_leader: schedule.leader(view.next()),
            epoch: schedule.epoch(),
            member: schedule.committee().contains(self.id),
            committed_head: head,
            state_root: self.tree.head_root(),
            high_qc: self.high_qc.block,
            lock: self.safety.lock(),
            last_voted: self.safety.last_voted(),
            timeout_exponent: self.pacemaker.exponent(),
            mempool: self.mempool.len(),
            fetching: self.fetch.is_active(),
            halted: self.is_halted,
        }
    }

    /// The committees whose certificates count now: to verify messages with. Changes are told by
    /// [`Output::Committees`].
    #[must_use]
    pub fn committees(&self) -> &Arc<Committees> {
        &self.committees
    }

    /// How much it holds of everything that grows.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        let (blocks, block_bytes) = self.tree.uncommitted();
        Footprint {
            uncommitted_blocks: blocks,
            uncommitted_bytes: block_bytes,
            committed_blocks: self.tree.committed(),
            commands: self.mempool.len(),
            command_bytes: self.mempool.bytes(),
            clients: self.ledger.sessions(),
            votes: self.votes.len(),
            timeouts: self.timeouts.len(),
            waiting_proposals: self.waiting.len(),
            equivocators: self.equivocators.len(),
            committees: self.committees.iter().count(),
            snapshot_bytes: self.snapshots.downloads.bytes(),
            handovers: self.snapshots.handovers.len(),
            hinted: self.fetch.hinted(),
            served: self.serving.len(),
        }
    }

    /// The blocks held in memory, parents first: some committed ones up to the committed head,
    /// and all above it. The genesis block is left out.
    #[must_use]
    pub fn recent_blocks(&self) -> Vec<BlockSummary> {
        self.tree.ascending().into_iter().map(BlockSummary::from).collect()
    }

    /// The application, as of the committed head.
    #[must_use]
    pub fn app(&self) -> &A {
        self.ledger.app()
    }

    fn view(&self) -> View {
        self.pacemaker.view()
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn persist(&mut self, record: Record) {
        self.outputs.push_back(Output::Persist(record));
    }

    fn send(&mut self, to: ReplicaId, message: Message) {
        debug_assert_ne!(to, self.id, "a replica does not send to itself");
        self.outputs.push_back(Output::Send { to, message });
    }

    fn refuse(&mut self, from: ReplicaId, message: &Message, why: Refusal) {
        self.event(Event::MessageRefused { from, kind: Some(message.kind()), why });
    }
}
