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
/// Of those that must show: a block commits.
pub(super) const COMMIT: &str = "a commit";

pub(super) fn all(bounds: &Bounds) -> Vec<Property<Space>> {
    let mut all = vec![
        Property::always(AGREEMENT, agree),
        Property::always(VOTES, |space, state| lacks(space, state, Fault::TwoVotes)),
        Property::always(PREFIX, |space, state| lacks(space, state, Fault::Prefix)),
        Property::sometimes(COMMIT, |space, state| honest(space, state).any(|local| !local.chain.is_empty())),
        Property::sometimes("a timeout certificate", |space, state| {
            honest(space, state).any(|local| local.live().is_some_and(|live| live.has_tc))
        }),
        Property::sometimes("a fork", |_, state| {
            two_blocks(state, |one, other| one.parent() == other.parent())
        }),
    ];
    if bounds.is_twinned {
        all.push(Property::sometimes("an equivocation", |_, state| {
            two_blocks(state, |one, other| one.view() == other.view())
        }));
    }
    all
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

fn lacks(space: &Space, state: &State, fault: Fault) -> bool {
    honest(space, state).all(|local| local.fault != Some(fault))
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
