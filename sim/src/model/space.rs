//! The space that is searched: a cluster's states, and what leads from one to the next.

use super::local::{Effect, Local};
use super::message::Posted;
use super::properties;
use super::stage::{Part, Stage, Turn};
use super::told::{Goal, Told, drain};
use super::world::World;
use crate::config::SimError;
use hotstuff_core::Time;
use stateright::{Model, Property};
use std::sync::Arc;

/// A state of the cluster.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) turn: Turn,
    pub(super) locals: Vec<Arc<Local>>,
    /// What was said and may still matter, by key.
    pub(super) pool: Vec<Arc<Posted>>,
}

/// What one host does, or several at once, each by itself.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) turn: Turn,
    /// Which hosts, by place.
    pub(super) hosts: Vec<usize>,
    pub(super) inputs: Vec<Told>,
    pub(super) goal: Goal,
}

/// The model.
pub(super) struct Space {
    pub(super) world: Arc<World>,
    start: State,
    /// Whether hosts act in the order of stages only; if not, in any order.
    pub(super) is_sorted: bool,
}

impl Space {
    pub(super) fn new(world: Arc<World>, is_sorted: bool) -> Result<Self, SimError> {
        let (mut locals, mut pool) = (Vec::new(), Vec::new());
        for &host in world.hosts() {
            let (mut replica, command) = world.boot(host)?;
            if let Some(command) = command {
                replica.handle(Time(0), world.admitted(command));
            }
            let sent = drain(&mut replica).sent;
            pool.extend(
                sent.into_iter().filter_map(|(to, message)| world.post(Posted::new(host, to, message)?)),
            );
            locals.push(Local::start(&world, host, replica));
        }
        pool.sort();
        Ok(Self { start: State { turn: Turn::FIRST, locals, pool }, world, is_sorted })
    }

    /// Whether each host acts for the last time.
    fn is_end(&self, stage: Stage) -> bool {
        stage == Stage { view: self.world.last_view(), part: Part::Certificates }
    }

    /// Drops what cannot matter any more.
    fn tidy(&self, state: &mut State) {
        let (stage, last) = (state.turn.stage, self.world.last_view());
        state.pool.retain(|posted| stage.needs(posted.kind, posted.view, last));
        if self.is_end(stage) {
            for host in 0..state.turn.host {
                let local = &mut state.locals[host];
                if local.live().is_some() {
                    *local = local.buried(&self.world);
                }
            }
        }
    }
}

impl Model for Space {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.start.clone()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.actions_in(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        let mut is_new = false;
        for &host in &action.hosts {
            let before = &state.locals[host];
            let Effect { local: after, posts } = before.react(&self.world, &action.inputs, action.goal)?;
            is_new |= after != *before;
            next.locals[host] = after;
            for posted in posts.iter() {
                if let Err(at) = next.pool.binary_search(posted) {
                    next.pool.insert(at, posted.clone());
                    is_new = true;
                }
            }
        }
        if self.is_sorted {
            next.turn = action.turn;
            self.tidy(&mut next);
            // At the end, what brings a host nothing new is as good as no action.
            is_new &= !self.is_end(action.turn.stage)
                || next.locals.iter().zip(&state.locals).any(|(after, before)| after.is_beyond(before));
        }
        is_new.then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(&self.world.bounds)
    }
}
