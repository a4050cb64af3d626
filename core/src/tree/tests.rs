use super::*;
use crate::block::Header;
use crate::certificate::QuorumCertificate;
use crate::command::{Command, Payload};
use crate::commit_rule::CommitRule;
use crate::committee::testing::{CLUSTER, committee_of, key};
use crate::ids::{Epoch, ReplicaId, SequenceNumber};
use alloc::vec;

fn tree(retained: u32, uncommitted: u32) -> BlockTree {
    tree_under(CommitRule::ThreeChain, retained, uncommitted)
}

fn tree_under(rule: CommitRule, retained: u32, uncommitted: u32) -> BlockTree {
    let bounds = TreeBounds { retained, uncommitted, uncommitted_bytes: 100 };
    BlockTree::new(
        Block::genesis(&committee_of(1), Digest::default()),
        Digest::default(),
        rule.into(),
        bounds,
    )
}

fn child(parent: BlockRef, view: u64, commands: &[u64]) -> Block {
    let sign = |sequence: &u64| Command::signed(&key(0), &CLUSTER, SequenceNumber(*sequence), vec![]);
    let payload = Payload { commands: commands.iter().map(sign).collect() };
    let header = Header {
        epoch: Epoch::GENESIS,
        view: View(view),
        height: parent.height.next(),
        proposer: ReplicaId(0),
        justify: QuorumCertificate { block: parent, signatures: vec![] },
        payload_digest: payload.digest(),
        state_root: Digest::default(),
    };
    Block::signed(&key(0), &CLUSTER, header, payload)
}

/// A chain on the head with these views; the last block's name.
fn chain(tree: &mut BlockTree, views: &[u64]) -> Vec<BlockRef> {
    let mut tip = tree.head();
    let mut names = vec![];
    for view in views {
        let block = child(tip, *view, &[]);
        tip = block.reference();
        names.push(tip);
        tree.insert(block).expect("it extends the tip");
    }
    names
}

#[test]
fn pitfall_01_commit_needs_consecutive_views_not_only_parents() {
    for (views, commits) in [([1, 2, 3], true), ([1, 2, 4], false), ([1, 3, 4], false), ([5, 6, 7], true)] {
        let mut tree = tree(8, 100);
        let names = chain(&mut tree, &views);
        let committed = tree.committed_by(&names[2].id).map(Block::reference);
        assert_eq!(committed, commits.then_some(names[0]), "{views:?}");
    }
}

#[test]
fn a_childs_state_root_is_that_of_the_last_block_its_branch_commits() {
    let mut tree = tree(8, 100);
    let names = chain(&mut tree, &[1, 2, 3, 5, 6]);
    tree.commit(&names[0].id, Digest([1; 32]));
    let state = |tree: &BlockTree, at: usize| tree.state_for_child_of(&names[at].id);
    assert_eq!(state(&tree, 1), Some((Height(0), Digest::default())));
    assert_eq!(state(&tree, 2), Some((Height(1), Digest([1; 32]))));
    assert_eq!(state(&tree, 4), Some((Height(1), Digest([1; 32]))), "views 3, 5, 6 commit nothing new");
}

#[test]
fn a_commit_drops_what_conflicts_and_what_is_old() {
    let mut tree = tree(8, 100);
    let first = chain(&mut tree, &[1, 2, 3]);
    let fork = child(first[0], 7, &[]);
    let on_fork = child(fork.reference(), 8, &[]);
    tree.insert(fork.clone()).unwrap();
    tree.insert(on_fork.clone()).unwrap();
    tree.commit(&first[0].id, Digest::default());
    assert!(tree.contains(&on_fork.id()));
    tree.commit(&first[1].id, Digest::default());
    assert!(!tree.contains(&fork.id()) && !tree.contains(&on_fork.id()));
    assert!(tree.extends(&first[2].id, &first[1]) && tree.extends(&first[2].id, &first[0]));
    let mut tip = first[2];
    for view in 4..60 {
        let block = child(tip, view, &[]);
        tree.insert(block.clone()).unwrap();
        let parent = tip;
        tip = block.reference();
        if parent.height > tree.head().height {
            tree.commit(&parent.id, Digest::default());
        }
    }
    assert_eq!(tree.committed(), 9, "eight below the head");
    assert!(tree.insert(child(first[0], 99, &[])).is_err(), "below the head nothing is added");
}

#[test]
fn all_that_is_committed_is_on_the_branch_of_every_block_whether_still_held_or_not() {
    let mut tree = tree(2, 100);
    let names = chain(&mut tree, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    names[..7].iter().for_each(|block| tree.commit(&block.id, Digest::default()));
    let tip = names[8].id;
    assert!(!tree.contains(&names[0].id), "it is held no more");
    let other = |block: BlockRef| BlockRef { id: Digest([7; 32]), ..block };
    for held in &names[4..8] {
        assert!(tree.extends(&tip, held) && !tree.extends(&tip, &other(*held)), "{held}");
    }
    assert!(tree.extends(&tip, &names[0]));
    assert!(!tree.extends(&Digest([9; 32]), &names[6]), "a block that is not held extends nothing held");
}

#[test]
fn two_chain_locks_and_commits_one_generation_earlier() {
    for (rule, views, locks, commits) in [
        (CommitRule::ThreeChain, [1, 2, 3], 1, Some(0)),
        (CommitRule::TwoChain, [1, 2, 3], 2, Some(1)),
        (CommitRule::ThreeChain, [1, 3, 4], 1, None),
        (CommitRule::TwoChain, [1, 3, 4], 2, Some(1)),
        (CommitRule::TwoChain, [1, 2, 4], 2, None),
    ] {
        let mut tree = tree_under(rule, 8, 100);
        let names = chain(&mut tree, &views);
        assert_eq!(tree.locked_by(&names[2].id), Some(names[locks]), "{rule:?} {views:?}");
        let committed = tree.committed_by(&names[2].id).map(Block::reference);
        assert_eq!(committed, commits.map(|at| names[at]), "{rule:?} {views:?}");
    }
}

#[test]
fn after_many_failed_views_the_state_that_the_heads_children_name_is_still_held() {
    let mut tree = tree(2, 100);
    let gaps: Vec<u64> = (1..20).map(|view| 2 * view).chain([39, 40]).collect();
    let names = chain(&mut tree, &gaps);
    let committed = tree.committed_by(&names[20].id).unwrap().reference();
    assert_eq!(committed, names[18]);
    for name in &names[..19] {
        tree.commit(&name.id, Digest::default());
    }
    let of_fork = tree.state_for_child_of(&committed.id);
    assert_eq!(of_fork, Some((Height(0), Digest::default())), "far more than two blocks below");
}

#[test]
fn pitfall_26_uncommitted_blocks_are_bounded_in_bytes_too() {
    let mut tree = tree(8, 100);
    let with_bytes = |parent: BlockRef, view: u64, bytes: usize| {
        let command = Command::signed(&key(0), &CLUSTER, SequenceNumber(view), vec![0; bytes]);
        let payload = Payload { commands: vec![command] };
        let header = Header { payload_digest: payload.digest(), ..child(parent, view, &[]).header().clone() };
        Block::signed(&key(0), &CLUSTER, header, payload)
    };
    let first = with_bytes(tree.head(), 1, 60);
    tree.insert(first.clone()).unwrap();
    assert!(tree.is_crowded());
    assert_eq!(tree.insert(with_bytes(first.reference(), 2, 41)), Err(Refusal::TreeFull));
    assert_eq!(tree.insert(with_bytes(first.reference(), 2, 40)), Ok(()));
    assert_eq!(tree.uncommitted(), (2, 100));
    tree.commit(&first.id(), Digest::default());
    assert_eq!(tree.uncommitted(), (1, 40));
    tree.evict_except(&first.id());
    assert_eq!(tree.uncommitted(), (1, 40), "there is room");
}

#[test]
fn pitfall_26_uncommitted_blocks_are_bounded() {
    let mut tree = tree(8, 3);
    let names = chain(&mut tree, &[1, 2, 3]);
    let fork = child(tree.head(), 9, &[]);
    assert_eq!(tree.insert(fork.clone()), Err(Refusal::TreeFull));
    tree.evict_except(&names[1].id);
    assert!(!tree.contains(&names[2].id), "off the branch that is kept");
    assert_eq!(tree.insert(fork), Ok(()));
}

#[test]
fn pitfall_20_commands_are_flushed_by_empty_blocks_until_all_can_see_them_committed() {
    let mut tree = tree(8, 100);
    let first = child(tree.head(), 1, &[1]);
    let mut tip = first.reference();
    tree.insert(first.clone()).unwrap();
    for view in 2..=4 {
        assert!(tree.needs_flush(&tip.id), "before view {view}");
        let block = child(tip, view, &[]);
        tip = block.reference();
        tree.insert(block).unwrap();
    }
    assert!(!tree.needs_flush(&tip.id), "the block of view 4 shows that the first is committed");
    assert_eq!(tree.uncommitted_commands(&tip.id).len(), 1);
    tree.commit(&first.id(), Digest::default());
    assert!(tree.uncommitted_commands(&tip.id).is_empty() && !tree.holds_uncommitted_commands(&tip));
}

#[test]
fn commands_wait_on_the_branch_of_the_highest_certified_block_and_above_it_not_beside_it() {
    let mut tree = tree(8, 100);
    let below = chain(&mut tree, &[1, 2]);
    let mut add = |parent: BlockRef, view, commands: &[u64]| {
        let block = child(parent, view, commands);
        tree.insert(block.clone()).unwrap();
        (block.reference(), tree.holds_uncommitted_commands(&below[1]))
    };
    assert!(!add(below[1], 3, &[]).1, "no commands at all");
    let (beside, is_held) = add(below[0], 4, &[1]);
    assert!(!is_held, "beside it");
    assert!(add(below[1], 5, &[2]).1, "above it");
    assert!(tree.holds_uncommitted_commands(&beside), "it has some itself");
    let on_top = child(beside, 6, &[]);
    tree.insert(on_top.clone()).unwrap();
    assert!(tree.holds_uncommitted_commands(&on_top.reference()), "below it, on its branch");
}

#[test]
fn all_blocks_but_genesis_are_told_parents_first() {
    let mut tree = tree(8, 100);
    let names = chain(&mut tree, &[1, 2]);
    let beside = child(names[0], 5, &[]);
    tree.insert(beside.clone()).unwrap();
    let told: Vec<BlockRef> = tree.ascending().into_iter().map(Block::reference).collect();
    assert_eq!(told, [names[0], names[1], beside.reference()]);
}
