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
    let Some(found) = of_conflict(told) else { return Err("All committed the same.".into()) };
    if found.iter().eq(expected) { Ok(()) } else { Err(format!("The fault is of: {}.", names(&found))) }
}

/// Who must be faulty, if two conflicting blocks were committed.
pub(super) fn of_conflict(told: &Told<'_>) -> Option<BTreeSet<ReplicaId>> {
    let mut by_height = BTreeMap::new();
    let commits = told.commits().map(|(.., block)| block);
    let (one, other) = commits.into_iter().find_map(|block| {
        let first = *by_height.entry(block.block.height).or_insert(block);
        (first.block != block.block).then_some((first, block))
    })?;
    let (earlier, later) = if one.block.view <= other.block.view { (one, other) } else { (other, one) };
    Some(culprits(told, earlier, later))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster;
    use crate::config::{Signatures, SimConfig};
    use crate::ids::HostId;
    use crate::step::{Cause, Step};
    use hotstuff_core::crypto::Digest;
    use hotstuff_core::{Epoch, Height, Time};

    /// A block of the branch `branch`, whose parent is of view `parent` on it; view 0 is genesis.
    fn block(branch: u8, view: u64, height: u64, parent: u64) -> BlockSummary {
        let id = |view: u64| {
            Digest(
                [if view == 0 { 0 } else { branch }, u8::try_from(view).unwrap()]
                    .repeat(16)
                    .try_into()
                    .unwrap(),
            )
        };
        BlockSummary {
            block: BlockRef { epoch: Epoch(0), view: View(view), height: Height(height), id: id(view) },
            parent: id(parent),
            justify_view: View(parent),
            proposer: ReplicaId(0),
            state_root: Digest::default(),
            commands: 0,
        }
    }

    fn signers(ids: [u16; 3]) -> Vec<ReplicaId> {
        ids.map(ReplicaId).to_vec()
    }

    fn certified(branch: &[BlockSummary], ids: [u16; 3]) -> Vec<Event> {
        let certified = |block: &BlockSummary| {
            [Event::BlockAdded(block.clone()), Event::QcFormed { block: block.block, signers: signers(ids) }]
        };
        branch.iter().flat_map(certified).collect()
    }

    fn committed(block: &BlockSummary) -> Event {
        Event::Committed { block: block.clone(), state_root: Digest::default() }
    }

    /// Whose fault it is, where r0 tells the one and r1 the other.
    fn fault(rule: CommitRule, one: Vec<Event>, other: Vec<Event>) -> String {
        let config = SimConfig { rule, signatures: Signatures::Tags, ..SimConfig::default() };
        let steps = [(0, one), (1, other)].map(|(id, events)| Step {
            index: id,
            time: Time(id),
            host: Some(HostId::from(ReplicaId(u16::try_from(id).unwrap()))),
            cause: Cause::Timer,
            events,
            results: Vec::new(),
        });
        let (committee, faulty) = (cluster::committee(&config).unwrap(), BTreeSet::new());
        let told = Told { committee: &committee, steps: &steps, faulty: &faulty, violation: None };
        conflict(&told, &[]).unwrap_err()
    }

    fn chain(branch: u8, views: [u64; 3]) -> [BlockSummary; 3] {
        let [a, b, c] = views;
        [block(branch, a, 1, 0), block(branch, b, 2, a), block(branch, c, 3, b)]
    }

    #[test]
    fn whoever_signed_two_certificates_of_one_view_voted_twice() {
        let (one, other) = (chain(1, [1, 2, 3]), chain(2, [3, 4, 5]));
        let mut left = certified(&one[..2], [0, 1, 2]);
        left.extend(certified(&one[2..], [0, 2, 3]));
        left.push(committed(&one[0]));
        let mut right = certified(&other, [1, 2, 3]);
        right.push(committed(&other[0]));
        assert_eq!(fault(CommitRule::ThreeChain, left, right), "The fault is of: r2 r3.");
    }

    #[test]
    fn whoever_was_locked_and_signed_a_later_rival_broke_its_lock() {
        let (one, other) = (chain(1, [1, 2, 3]), chain(2, [6, 7, 8]));
        let mut left = certified(&one[..2], [0, 1, 2]);
        left.extend(certified(&one[2..], [0, 2, 3]));
        left.push(committed(&one[0]));
        let mut right = certified(&other[..1], [0, 1, 3]);
        right.extend(certified(&other[1..], [0, 1, 2]));
        right.push(committed(&other[0]));
        assert_eq!(fault(CommitRule::ThreeChain, left, right), "The fault is of: r0 r3.");
    }

    #[test]
    fn under_two_chain_whoever_hid_its_lock_in_a_timeout_is_guilty() {
        let (one, other) = (chain(1, [1, 2, 3]), chain(2, [6, 7, 8]));
        let mut left = certified(&one[..1], [0, 1, 2]);
        left.extend(certified(&one[1..2], [0, 2, 3]));
        left.push(committed(&one[0]));
        let gave_up = |view, ids, high_qc| Event::TcFormed {
            view: View(view),
            signers: signers(ids),
            high_qc: View(high_qc),
        };
        // One timeout certificate let the rival pass; another view's, and one that names the lock, did not.
        let mut right = vec![gave_up(5, [1, 2, 3], 0), gave_up(4, [0, 1, 2], 0), gave_up(5, [0, 1, 2], 1)];
        right.extend(certified(&other[..2], [0, 1, 3]));
        right.push(committed(&other[0]));
        assert_eq!(fault(CommitRule::TwoChain, left, right), "The fault is of: r2 r3.");
    }

    #[test]
    fn the_same_block_twice_is_no_conflict() {
        let one = chain(1, [1, 2, 3]);
        let events = |_| vec![committed(&one[0])];
        assert_eq!(fault(CommitRule::TwoChain, events(0), events(1)), "All committed the same.");
    }
}
