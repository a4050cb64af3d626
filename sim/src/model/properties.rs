//! What must hold in all states, and what must show in some, or the search would show nothing.

use super::Bounds;
use super::local::{Fault, Local};
use super::message::Posted;
use super::space::{Space, State};
use super::world::FIRST_LEADER;
use hotstuff_core::{Block, Message};
use stateright::Property;
use std::sync::Arc;

/// No two honest replicas commit different blocks at one height, and none finds that they could.
pub(super) const AGREEMENT: &str = "agreement";
/// An honest replica votes once a view.
pub(super) const VOTES: &str = "one vote a view";
/// What an honest replica committed stays committed, and grows block by block.
pub(super) const PREFIX: &str = "committed prefix";
const COMMIT: &str = "a commit";
const TC: &str = "a timeout certificate";
const FORK: &str = "a fork";
const EQUIVOCATION: &str = "an equivocation";

pub(super) fn all(bounds: &Bounds) -> Vec<Property<Space>> {
    let mut all = vec![
        Property::<Space>::always(AGREEMENT, |space, state| {
            !space.world.is_first(AGREEMENT, || !agree(space, state))
        }),
        Property::<Space>::always(VOTES, |space, state| {
            !space.world.is_first(VOTES, || shows(space, state, |local| local.fault == Some(Fault::TwoVotes)))
        }),
        Property::<Space>::always(PREFIX, |space, state| {
            !space.world.is_first(PREFIX, || shows(space, state, |local| local.fault == Some(Fault::Prefix)))
        }),
        Property::<Space>::sometimes(COMMIT, |space, state| {
            space.world.is_first(COMMIT, || shows(space, state, |local| !local.chain.is_empty()))
        }),
        Property::<Space>::sometimes(TC, |space, state| {
            let has_tc = |local: &Local| local.live().is_some_and(|live| live.has_tc);
            space.world.is_first(TC, || shows(space, state, has_tc))
        }),
        Property::<Space>::sometimes(FORK, |space, state| {
            space.world.is_first(FORK, || two_blocks(state, |one, other| one.parent() == other.parent()))
        }),
    ];
    if bounds.is_twinned {
        all.push(Property::<Space>::sometimes(EQUIVOCATION, |space, state| {
            space.world.is_first(EQUIVOCATION, || two_blocks(state, |one, other| one.view() == other.view()))
        }));
    }
    all
}

fn shows(space: &Space, state: &State, is_so: impl Fn(&Local) -> bool) -> bool {
    honest(space, state).any(|local| is_so(local))
}

/// The hosts that keep to the protocol: all but twins.
fn honest<'a>(space: &'a Space, state: &'a State) -> impl Iterator<Item = &'a Arc<Local>> {
    let is_twinned = space.world.bounds.is_twinned;
    let hosts = space.world.hosts().iter().zip(&state.locals);
    hosts.filter(move |(host, _)| !is_twinned || host.replica != FIRST_LEADER).map(|(_, local)| local)
}

fn agree(space: &Space, state: &State) -> bool {
    let longest = honest(space, state).map(|local| &local.chain).max_by_key(|chain| chain.len());
    let Some(longest) = longest else { return true };
    honest(space, state).all(|local| !local.is_halted && longest.starts_with(&local.chain))
}

/// Whether two different blocks have been proposed that are so to each other.
fn two_blocks(state: &State, are_so: impl Fn(&Block, &Block) -> bool) -> bool {
    fn block(posted: &Arc<Posted>) -> Option<&Block> {
        match posted.letter.content() {
            Message::Proposal(proposal) => Some(&proposal.block),
            _ => None,
        }
    }
    let blocks: Vec<&Block> = state.pool.iter().filter_map(block).collect();
    let mut pairs = blocks
        .iter()
        .enumerate()
        .flat_map(|(at, one)| blocks[at + 1..].iter().map(move |other| (one, other)));
    pairs.any(|(one, other)| one.id() != other.id() && are_so(one, other))
}
