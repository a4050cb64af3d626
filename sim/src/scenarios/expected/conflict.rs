//! Proof against replicas: two signed things of one view, and conflicting certificates.

use super::Told;
use hotstuff_core::event::BlockSummary;
use hotstuff_core::{BlockId, BlockRef, CommitRule, Committees, Event, ReplicaId, View, verify};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) fn equivocated(told: &Told<'_>, replica: ReplicaId) -> Result<(), String> {
    let committees = Committees::of(Arc::new(told.committee.clone()));
    let evidence = told.events().filter_map(|happened| match happened.event {
        Event::Equivocation(evidence) => Some(evidence),
        _ => None,
    });
    let mut others = BTreeSet::new();
    for evidence in evidence {
        match verify::evidence(&committees, evidence) {
            Ok(culprit) if culprit == replica => return Ok(()),
            Ok(culprit) => drop(others.insert(culprit)),
            Err(why) => return Err(format!("Evidence does not hold: {why}.")),
        }
    }
    if others.is_empty() {
        Err("Nobody reports any.".into())
    } else {
        Err(format!("Such are {}.", names(&others)))
    }
}

pub(super) fn conflict(told: &Told<'_>, expected: &[ReplicaId]) -> Result<(), String> {
    let mut by_height = BTreeMap::new();
    let commits = told.commits().map(|(.., block)| block);
    let conflict = commits.into_iter().find_map(|block| {
        let first = *by_height.entry(block.block.height).or_insert(block);
        (first.block != block.block).then_some((first, block))
    });
    let Some((one, other)) = conflict else { return Err("All committed the same.".into()) };
    let (earlier, later) = if one.block.view <= other.block.view { (one, other) } else { (other, one) };
    let found = culprits(told, earlier, later);
    if found.iter().eq(expected) { Ok(()) } else { Err(format!("The fault is of: {}.", names(&found))) }
}

/// Who must be faulty, where two conflicting blocks were committed.
///
/// The chain that commits the earlier of the two stands in consecutive views, beginning with its own.
/// The first block of the other branch that is certified in the same view or later was certified
/// - in one of these views: then whoever signed both certificates of that view voted twice in it; or
/// - above them: then whoever signed the last of the chain was locked on the earlier block, and under
///   three-chain must not have signed that certificate with its older justify, under two-chain not
///   the timeout certificate that let it pass.
fn culprits(told: &Told<'_>, earlier: &BlockSummary, later: &BlockSummary) -> BTreeSet<ReplicaId> {
    let (blocks, certificates) = (told.blocks(), told.certificates());
    let parent = |id: &BlockId| blocks.get(id).map(|block| block.parent);
    let is_above = |block: &BlockRef, root: BlockId| {
        std::iter::successors(Some(block.id), |id| parent(id)).any(|id| id == root)
    };
    let signers = |block: &BlockRef| -> BTreeSet<ReplicaId> {
        certificates.get(block).into_iter().flat_map(|signers| signers.iter().copied()).collect()
    };
    let rule = told.committee.spec().rule;
    let last = View(earlier.block.view.0 + rule.commit_depth() as u64);
    let chain: BTreeMap<View, BlockRef> = certificates
        .keys()
        .filter(|block| block.view <= last && is_above(block, earlier.block.id))
        .map(|block| (block.view, *block))
        .collect();
    // On the other branch: above the later block, or below it and not below the earlier one.
    let branch = |block: &&BlockRef| {
        is_above(block, later.block.id)
            || (is_above(&later.block, block.id) && !is_above(&earlier.block, block.id))
    };
    let rival = certificates.keys().filter(|block| block.view >= earlier.block.view).filter(branch);
    let Some(rival) = rival.min_by_key(|block| block.view) else { return BTreeSet::new() };
    let both = |one: BTreeSet<ReplicaId>, other: BTreeSet<ReplicaId>| &one & &other;
    if let Some(twin) = chain.get(&rival.view) {
        return both(signers(twin), signers(rival));
    }
    let Some((_, top)) = chain.last_key_value() else { return BTreeSet::new() };
    match rule {
        CommitRule::ThreeChain => both(signers(top), signers(rival)),
        CommitRule::TwoChain => {
            let passed = told.all_events().filter_map(|happened| match happened.event {
                Event::TcFormed { view, signers, high_qc } if *high_qc < earlier.block.view => {
                    rival.view.follows(*view).then_some(signers)
                }
                _ => None,
            });
            both(signers(top), passed.flatten().copied().collect())
        }
    }
}

fn names(replicas: &BTreeSet<ReplicaId>) -> String {
    let names: Vec<String> = replicas.iter().map(ToString::to_string).collect();
    if names.is_empty() { "none".into() } else { names.join(" ") }
}
