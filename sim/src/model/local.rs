//! One host's state, and what it does next: worked out once, by a copy of the real replica, however many
//! states of the cluster it is part of.

use super::essence::{missing, place, reduced, told};
use super::message::{Key, Posted, key_of};
use super::stage::Place;
use super::told::{Goal, Told, perform};
use super::world::World;
use crate::ids::HostId;
use hotstuff_core::certificate::BlockId;
use hotstuff_core::{BlockRef, Event, Replica, Time, View};
use hotstuff_kv::KvStore;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

/// A property of one replica that does not hold any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub(super) enum Fault {
    /// It voted in a view that is not later than that of its vote before.
    TwoVotes,
    /// What it committed is not what it had committed, with more at the end.
    Prefix,
}

/// A host's state.
pub(super) struct Local {
    key: Key,
    host: HostId,
    live: Option<Live>,
    /// The committed blocks, by height.
    pub(super) chain: Vec<BlockRef>,
    pub(super) fault: Option<Fault>,
    pub(super) is_halted: bool,
    next: Mutex<HashMap<Vec<Key>, Option<Effect>>>,
}

/// The replica, as long as it can still be told something, and a few facts about it.
pub(super) struct Live {
    /// Shared by threads, which the store is not made for.
    replica: Mutex<Replica<KvStore>>,
    now: Time,
    pub(super) place: Place,
    pub(super) high_qc: View,
    /// The certified blocks that it misses.
    pub(super) missing: Vec<BlockId>,
    pub(super) last_vote: Option<BlockRef>,
    /// Whether it holds a timeout certificate that its high QC has not overtaken.
    pub(super) has_tc: bool,
    /// Whether it leads the next view.
    pub(super) leads_next: bool,
}

impl Live {
    fn copy(&self) -> Replica<KvStore> {
        self.replica.lock().expect("copying does not panic").clone()
    }
}

/// Where an action leads one host, and what it says.
#[derive(Clone)]
pub(super) struct Effect {
    pub(super) local: Arc<Local>,
    pub(super) posts: Arc<[Arc<Posted>]>,
}

impl Local {
    /// A replica that has just started and was given what it begins with.
    pub(super) fn start(world: &World, host: HostId, replica: Replica<KvStore>) -> Arc<Self> {
        let blank = Self {
            key: 0,
            host,
            live: None,
            chain: Vec::new(),
            fault: None,
            is_halted: false,
            next: Mutex::default(),
        };
        blank.becomes(world, (replica, Time(0)), &[])
    }

    pub(super) fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    /// What a live one has promised, and what it knows to be certified and committed.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> Option<String> {
        let status = self.live.as_ref()?.copy().status();
        let vote = self.live.as_ref()?.last_vote;
        let tell =
            |block: BlockRef| if block.view.0 > 1 { format!("b@{}", block.view) } else { block.to_string() };
        let told =
            [vote.unwrap_or(status.lock), status.lock, status.high_qc, status.committed_head].map(tell);
        Some(format!("{}: {}", self.host, told.join(", ")))
    }

    pub(super) fn key(&self) -> Key {
        self.key
    }

    /// Whether anything has come of it since `before` that properties look at.
    pub(super) fn is_beyond(&self, before: &Self) -> bool {
        (&self.chain, self.fault, self.is_halted) != (&before.chain, before.fault, before.is_halted)
    }

    /// Forgets what it leads to.
    pub(super) fn forget(&self) {
        if let Ok(mut next) = self.next.lock() {
            next.clear();
        }
    }

    /// What comes of telling it all this; `None` where the goal is not reached.
    pub(super) fn react(&self, world: &World, inputs: &[Told], goal: Goal) -> Option<Effect> {
        let keys: Vec<Key> = inputs.iter().map(Told::key).collect();
        let known = self.next.lock().expect("looking up does not panic").get(&keys).cloned();
        if let Some(known) = known {
            return known;
        }
        let effect = self.work_out(world, inputs, goal);
        self.next.lock().expect("adding does not panic").insert(keys, effect.clone());
        effect
    }

    fn work_out(&self, world: &World, inputs: &[Told], goal: Goal) -> Option<Effect> {
        let live = self.live.as_ref()?;
        let (mut replica, mut now) = (live.copy(), live.now);
        let (mut events, mut posts) = (Vec::new(), Vec::new());
        let core = (&mut replica, &mut now);
        let is_reached = perform(core, world.committees(), (inputs, goal), |_, _, _, reaction| {
            events.extend(reaction.events);
            let posted =
                reaction.sent.into_iter().filter_map(|(to, message)| Posted::new(self.host, to, message));
            posts.extend(posted.filter_map(|posted| world.post(posted)));
        });
        is_reached.then(|| {
            let local = self.becomes(world, (replica, now), &events);
            Effect { local, posts: posts.into() }
        })
    }

    /// The state after some events, and judged by them.
    fn becomes(
        &self,
        world: &World,
        (replica, now): (Replica<KvStore>, Time),
        events: &[Event],
    ) -> Arc<Self> {
        let mut chain = self.chain.clone();
        let mut fault = self.fault;
        let mut last_voted =
            self.live.as_ref().and_then(|live| live.last_vote).map_or(View::GENESIS, |vote| vote.view);
        let genesis = world.genesis();
        for event in events {
            match event {
                Event::Voted { block, .. } => {
                    if block.view <= last_voted {
                        fault = fault.or(Some(Fault::TwoVotes));
                    }
                    last_voted = block.view;
                }
                Event::Committed { block, .. } => {
                    let head = chain.last().copied().unwrap_or(genesis);
                    if block.parent != head.id || block.block.height != head.height.next() {
                        fault = fault.or(Some(Fault::Prefix));
                    }
                    chain.push(block.block);
                }
                _ => {}
            }
        }
        let status = replica.status();
        if status.committed_head != chain.last().copied().unwrap_or(genesis) {
            fault = fault.or(Some(Fault::Prefix));
        }
        let whole = replica.essence();
        let live = Live {
            place: place(&whole),
            high_qc: status.high_qc.view,
            missing: missing(&whole),
            last_vote: whole.safety.last_vote.as_ref().map(|vote| vote.block),
            has_tc: whole.tc.as_ref().is_some_and(|tc| tc.view > status.high_qc.view),
            leads_next: status.next_leader == status.id,
            replica: Mutex::new(replica),
            now,
        };
        let essence = reduced(whole, status.leader == status.id);
        let key = key_of(&(self.host, fault, told(&essence)));
        let is_halted = status.halted;
        let is_over = is_halted || status.view > world.last_view();
        let host = self.host;
        let local = Self { key, host, live: Some(live), chain, fault, is_halted, next: Mutex::default() };
        if is_over { local.buried(world) } else { world.know(local) }
    }

    /// The same where nothing more can happen to it: all that counts is what it committed.
    pub(super) fn buried(&self, world: &World) -> Arc<Self> {
        let chain = self.chain.clone();
        let (host, fault, is_halted) = (self.host, self.fault, self.is_halted);
        let key = key_of(&("buried", host, fault, is_halted, &chain));
        world.know(Self { key, host, live: None, chain, fault, is_halted, next: Mutex::default() })
    }
}

impl PartialEq for Local {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Local {}

impl Hash for Local {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
