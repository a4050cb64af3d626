//! Branches that were left behind.

use super::Told;
use hotstuff_core::{BlockId, BlockRef, Event, ReplicaId, View};
use std::collections::BTreeSet;

/// The blocks that honest hosts did something to, and that the committed branch has left behind.
fn abandoned_blocks(told: &Told<'_>, what: impl Fn(&Event) -> Option<BlockRef>) -> BTreeSet<BlockRef> {
    let blocks = told.blocks();
    let committed: BTreeSet<BlockId> = told.commits().map(|(.., block)| block.block.id).collect();
    let top = told.top();
    let is_left = |block: &BlockRef| {
        let above = std::iter::successors(Some(block.id), |id| blocks.get(id).map(|block| block.parent));
        let first = above.filter_map(|id| blocks.get(&id)).find(|block| block.block.height <= top);
        first.is_some_and(|block| !committed.contains(&block.block.id))
    };
    told.events().filter_map(|happened| what(happened.event)).filter(is_left).collect()
}

fn certified(event: &Event) -> Option<BlockRef> {
    match event {
        Event::HighQcRaised { block } => Some(*block),
        _ => None,
    }
}

fn locked(event: &Event) -> Option<BlockRef> {
    match event {
        Event::LockRaised { block } => Some(*block),
        _ => None,
    }
}

fn count(blocks: &BTreeSet<BlockRef>) -> String {
    if blocks.is_empty() {
        "There are none.".into()
    } else {
        format!("There are {}: {}.", blocks.len(), list(blocks))
    }
}

fn list(blocks: &BTreeSet<BlockRef>) -> String {
    let names: Vec<String> = blocks.iter().map(ToString::to_string).collect();
    names.join(", ")
}

pub(super) fn abandoned(told: &Told<'_>, least: u32) -> Result<(), String> {
    let left = abandoned_blocks(told, certified);
    if left.len() < least as usize { Err(count(&left)) } else { Ok(()) }
}

pub(super) fn nothing_abandoned(told: &Told<'_>) -> Result<(), String> {
    let left = abandoned_blocks(told, certified);
    if left.is_empty() { Ok(()) } else { Err(count(&left)) }
}

pub(super) fn left(told: &Told<'_>, view: View) -> Result<(), String> {
    let left = abandoned_blocks(told, certified);
    let blocks = told.blocks();
    match left.iter().find(|block| block.view == view) {
        None => Err(count(&left)),
        Some(block) if blocks.get(&block.id).is_none_or(|block| block.commands == 0) => {
            Err(format!("{block} holds no command."))
        }
        Some(_) => Ok(()),
    }
}

pub(super) fn kept(told: &Told<'_>, view: View) -> Result<(), String> {
    let is_kept = told.commits().any(|(.., block)| block.block.view == view);
    if is_kept { Ok(()) } else { Err("It is not.".into()) }
}

/// Of the abandoned blocks those that `replica` did something to.
fn held(
    told: &Told<'_>,
    replica: ReplicaId,
    what: impl Fn(&Event) -> Option<BlockRef>,
) -> BTreeSet<BlockRef> {
    let own = told.events().filter(|happened| happened.host.replica == replica);
    let own: BTreeSet<BlockRef> = own.filter_map(|happened| what(happened.event)).collect();
    &abandoned_blocks(told, what) & &own
}

pub(super) fn let_go(told: &Told<'_>, replica: ReplicaId) -> Result<(), String> {
    let locked = held(told, replica, locked);
    let Some(block) = locked.first() else { return Err("It was locked on none.".into()) };
    let mut commits = told.commits().filter(|(_, host, _)| host.replica == replica);
    if commits.any(|(.., committed)| committed.block.height >= block.height) {
        Ok(())
    } else {
        Err(format!("It has committed nothing in place of {block}."))
    }
}

pub(super) fn never_locked(told: &Told<'_>, replica: ReplicaId) -> Result<(), String> {
    let (locked, certified) = (held(told, replica, locked), held(told, replica, certified));
    if certified.is_empty() {
        Err("It had a certificate for none.".into())
    } else if locked.is_empty() {
        Ok(())
    } else {
        Err(format!("It was locked on {}.", list(&locked)))
    }
}
