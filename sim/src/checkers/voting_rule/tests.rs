//! Votes by either clause pass, and a vote by neither is found.

use super::*;
use crate::checkers::fabricated::{Cluster, block, child, commit_of, receive, started, status, step, tell};
use crate::{Signatures, Sim, SimConfig};
use hotstuff_core::event::BlockSummary;
use hotstuff_core::{QuorumCertificate, TimeoutCertificate};

const R0: ReplicaId = ReplicaId(0);

fn added(block: &BlockSummary) -> Event {
    Event::BlockAdded(block.clone())
}

fn voted(block: &BlockSummary) -> Event {
    Event::Voted { block: block.block, collector: ReplicaId(2) }
}

fn begun(rule: CommitRule) -> VotingRule {
    let mut checker = VotingRule::new(rule);
    tell(&mut checker, 0, vec![started(block(0, 0), 0)]).unwrap();
    checker
}

fn breach(block: &BlockSummary, why: Refusal) -> Result<(), Breach> {
    Err(Breach::VotingRule { replica: R0, block: block.block, why })
}

/// r0 has added, but not voted for, blocks of views 1 to 4, so it is locked on the one of view 2.
fn locked_at_2() -> (VotingRule, Vec<BlockSummary>) {
    let mut checker = begun(CommitRule::ThreeChain);
    let mut blocks: Vec<BlockSummary> = Vec::new();
    for view in 1..=4 {
        let parent = blocks.last().map_or(block(0, 0), |parent| parent.block);
        blocks.push(child(parent, 0, view));
    }
    tell(&mut checker, 0, blocks.iter().map(added).collect()).unwrap();
    (checker, blocks)
}

#[test]
fn votes_in_turn_pass() {
    let (mut checker, blocks) = locked_at_2();
    assert_eq!(tell(&mut checker, 0, vec![voted(&blocks[3])]), Ok(()));
    let next = child(blocks[3].block, 0, 5);
    assert_eq!(tell(&mut checker, 0, vec![added(&next), voted(&next)]), Ok(()));
    assert_eq!(tell(&mut checker, 0, vec![commit_of(&blocks[0]), commit_of(&blocks[1])]), Ok(()));
    let after = child(next.block, 0, 6);
    assert_eq!(tell(&mut checker, 0, vec![added(&after), voted(&after)]), Ok(()));
}

#[test]
fn pitfall_06_a_vote_in_a_view_that_is_not_above_the_last_is_found() {
    for lower in [1, 2] {
        let (mut checker, blocks) = locked_at_2();
        tell(&mut checker, 0, vec![voted(&blocks[2])]).unwrap();
        let second = child(blocks[0].block, 1, 3);
        let why = Refusal::AlreadyVoted { view: View(3), last_voted: View(3) };
        assert_eq!(tell(&mut checker, 0, vec![added(&second), voted(&second)]), breach(&second, why));
        let why = Refusal::AlreadyVoted { view: View(lower), last_voted: View(3) };
        let block = &blocks[usize::try_from(lower - 1).unwrap()];
        assert_eq!(tell(&mut checker, 0, vec![voted(block)]), breach(block, why));
    }
}

/// The view may begin by a TC; whether the block is safe is for the lock to say.
fn with_reason(
    cluster: &Cluster,
    checker: &mut VotingRule,
    voted_for: &hotstuff_core::Block,
    high_qc: u64,
) -> Result<(), Breach> {
    let view = voted_for.view().0 - 1;
    let qc = cluster.qc(block(0, high_qc), &[0, 1, 2]);
    let tc = Some(cluster.tc(view, qc, &[(0, high_qc), (1, high_qc), (2, 0)]));
    let summary = BlockSummary::from(voted_for);
    let message = Message::Proposal(Proposal { block: voted_for.clone(), tc });
    receive(checker, 0, message, vec![added(&summary), voted(&summary)])
}

fn on(cluster: &Cluster, parent: BlockRef, view: u64) -> hotstuff_core::Block {
    cluster.block(cluster.qc(parent, &[0, 1, 2]), view, Vec::new())
}

#[test]
fn pitfall_24_either_clause_of_the_three_chain_rule_allows_a_vote_and_neither_does_not() {
    let cluster = Cluster::new(None);
    let (mut checker, blocks) = locked_at_2();
    let extends = on(&cluster, blocks[1].block, 9);
    assert_eq!(with_reason(&cluster, &mut checker, &extends, 0), Ok(()), "extends the lock itself");

    let (mut checker, blocks) = locked_at_2();
    let conflicting = on(&cluster, blocks[0].block, 9);
    let why = Refusal::BelowLock { justify: View(1), lock: blocks[1].block };
    let found = with_reason(&cluster, &mut checker, &conflicting, 0);
    assert_eq!(found, breach(&BlockSummary::from(&conflicting), why));

    // A branch beside the lock, with a certificate of a later view.
    let (mut checker, blocks) = locked_at_2();
    let newer = child(blocks[0].block, 1, 5);
    tell(&mut checker, 0, vec![added(&newer)]).unwrap();
    let above = on(&cluster, newer.block, 9);
    assert_eq!(with_reason(&cluster, &mut checker, &above, 0), Ok(()), "newer justify");
}

#[test]
fn the_lock_rises_by_the_high_qc_by_what_is_added_and_by_what_is_told() {
    let cluster = Cluster::new(None);
    let conflict = |last: &dyn Fn(&[BlockSummary]) -> Event| {
        let (mut checker, blocks) = locked_at_2();
        tell(&mut checker, 0, vec![last(&blocks)]).unwrap();
        let lock = checker.voters[&R0].lock;
        let conflicting = on(&cluster, blocks[1].block, 9);
        let found = with_reason(&cluster, &mut checker, &conflicting, 0);
        let why = Refusal::BelowLock { justify: View(2), lock };
        assert_eq!(found, breach(&BlockSummary::from(&conflicting), why));
        lock.view
    };
    assert_eq!(conflict(&|blocks| Event::HighQcRaised { block: blocks[3].block }), View(3));
    assert_eq!(conflict(&|blocks| added(&child(blocks[3].block, 0, 5))), View(3));
    assert_eq!(conflict(&|blocks| Event::LockRaised { block: blocks[3].block }), View(4));

    let mut checker = begun(CommitRule::TwoChain);
    let first = child(block(0, 0), 0, 1);
    tell(&mut checker, 0, vec![added(&first), Event::HighQcRaised { block: first.block }]).unwrap();
    assert_eq!(checker.voters[&R0].lock, first.block);
    let second = child(first.block, 0, 2);
    tell(&mut checker, 0, vec![Event::HighQcRaised { block: second.block }]).unwrap();
    assert_eq!(checker.voters[&R0].lock, first.block, "its block is missing");
    tell(&mut checker, 0, vec![added(&second)]).unwrap();
    assert_eq!(checker.voters[&R0].lock, second.block);
}

#[test]
fn pitfall_10_two_chain_votes_need_the_view_before_or_no_less_than_their_tc_names() {
    let cluster = Cluster::new(None);
    let vote = |justify: u64, view: u64, high_qc: u64| {
        let mut checker = begun(CommitRule::TwoChain);
        let blocks: Vec<BlockSummary> =
            (1..=justify).map(|view| child(block(0, view - 1), 0, view)).collect();
        tell(&mut checker, 0, blocks.iter().map(added).collect()).unwrap();
        let next = on(&cluster, block(0, justify), view);
        (with_reason(&cluster, &mut checker, &next, high_qc), BlockSummary::from(&next))
    };
    assert_eq!(vote(4, 5, 3).0, Ok(()), "the view before");
    assert_eq!(vote(4, 7, 4).0, Ok(()), "the highest QC of the TC");
    assert_eq!(vote(4, 7, 3).0, Ok(()), "a newer one");
    let (found, block) = vote(4, 7, 5);
    assert_eq!(found, breach(&block, Refusal::BelowTimeouts { justify: View(4), high_qc: View(5) }));
}

#[test]
fn a_vote_in_a_view_that_nothing_shows_to_have_begun_is_found() {
    let cluster = Cluster::new(None);
    for rule in [CommitRule::ThreeChain, CommitRule::TwoChain] {
        let next = on(&cluster, block(0, 0), 5);
        let summary = BlockSummary::from(&next);
        let why = Refusal::ViewNotJustified { view: View(5), justify: View(0) };
        let events = vec![added(&summary), voted(&summary)];
        let found = |tc: Option<TimeoutCertificate>, events: &[Event]| {
            let message = Message::Proposal(Proposal { block: next.clone(), tc });
            receive(&mut begun(rule), 0, message, events.to_vec())
        };
        let qc = || QuorumCertificate { block: block(0, 0), signatures: Vec::new() };
        let tc = |view| Some(cluster.tc(view, qc(), &[(0, 0), (1, 0), (2, 0)]));
        assert_eq!(found(tc(4), &events), Ok(()));
        assert_eq!(found(None, &events), breach(&summary, why.clone()));
        assert_eq!(found(tc(3), &events), breach(&summary, why.clone()), "a TC of another view");
        let kind = Some(MessageKind::Proposal);
        let refused = Event::MessageRefused { from: ReplicaId(1), kind, why: why.clone() };
        assert_eq!(found(tc(4), &[&[refused], &events[..]].concat()), breach(&summary, why), "not believed");
    }
}

#[test]
fn a_proposal_that_waited_is_voted_for_with_the_tc_that_came_with_it() {
    let cluster = Cluster::new(None);
    let mut checker = begun(CommitRule::TwoChain);
    let first = child(block(0, 0), 0, 1);
    let next = on(&cluster, first.block, 5);
    let tc = Some(cluster.tc(4, cluster.qc(first.block, &[0, 1, 2]), &[(0, 1), (1, 0), (2, 0)]));
    let message = Message::Proposal(Proposal { block: next.clone(), tc });
    receive(&mut checker, 0, message, vec![Event::HighQcRaised { block: first.block }]).unwrap();
    let next = BlockSummary::from(&next);
    assert_eq!(tell(&mut checker, 0, vec![added(&first), added(&next), voted(&next)]), Ok(()));
    assert!(checker.voters[&R0].reasons.is_empty(), "of no more use");
}

#[test]
fn a_vote_for_a_block_that_is_not_held_or_beside_the_committed_head_is_found() {
    let (mut checker, blocks) = locked_at_2();
    let unknown = child(blocks[3].block, 1, 5);
    let why = |head| Refusal::OffCommittedBranch(head);
    assert_eq!(tell(&mut checker, 0, vec![voted(&unknown)]), breach(&unknown, why(block(0, 0))));
    let beside = child(block(0, 0), 1, 5);
    let events = vec![added(&beside), commit_of(&blocks[0]), voted(&beside)];
    assert_eq!(tell(&mut checker, 0, events), breach(&beside, why(blocks[0].block)));
}

#[test]
fn a_vote_for_another_than_the_leaders_block_is_found_where_the_replica_told_who_leads() {
    let entered = |leader| Event::ViewEntered {
        view: View(5),
        leader: ReplicaId(leader),
        next_leader: R0,
        cause: EntryCause::Qc,
    };
    let vote = |leader: u16, is_on_high_qc: bool| {
        let (mut checker, blocks) = locked_at_2();
        let high_qc = if is_on_high_qc { blocks[3].block } else { blocks[2].block };
        let block = child(blocks[3].block, 0, 5); // r0's
        let events =
            vec![Event::HighQcRaised { block: high_qc }, entered(leader), added(&block), voted(&block)];
        (tell(&mut checker, 0, events), block)
    };
    assert_eq!(vote(0, true).0, Ok(()));
    assert_eq!(vote(3, false).0, Ok(()), "above another block another may lead");
    let (found, block) = vote(3, true);
    let why = Refusal::NotLeader { view: View(5), proposer: R0, leader: ReplicaId(3) };
    assert_eq!(found, breach(&block, why));
}

#[test]
fn pitfall_07_a_restart_remembers_lock_and_last_vote() {
    let (mut checker, blocks) = locked_at_2();
    tell(&mut checker, 0, vec![voted(&blocks[3])]).unwrap();
    assert_eq!(tell(&mut checker, 0, vec![started(block(0, 0), 4)]), Ok(()));
    assert_eq!(tell(&mut checker, 0, vec![started(block(0, 0), 6)]), Ok(()), "a vote that never left");
    assert_eq!(checker.voters[&R0].lock, blocks[1].block);
    let next = child(blocks[3].block, 0, 5);
    let why = Refusal::AlreadyVoted { view: View(5), last_voted: View(6) };
    assert_eq!(tell(&mut checker, 0, vec![added(&next), voted(&next)]), breach(&next, why));
    let forgotten = Breach::ForgottenVote { replica: R0, voted: View(6), last_voted: View(3) };
    assert_eq!(tell(&mut checker, 0, vec![started(block(0, 0), 3)]), Err(forgotten));
}

#[test]
fn a_lock_below_what_is_known_is_found() {
    let sim = Sim::new(SimConfig { signatures: Signatures::Tags, ..SimConfig::default() }).unwrap();
    let (_, blocks) = locked_at_2();
    let show = |lock| {
        let (mut checker, _) = locked_at_2();
        let (step, status) = (step(0, Vec::new()), status(0, lock, 0));
        let observed = Observed::of(&step);
        checker.check(&Observed { status: Some(&status), replica: sim.replica(R0), ..observed })
    };
    assert_eq!(show(blocks[1].block), Ok(()));
    assert_eq!(show(blocks[2].block), Ok(()), "higher, by what is not told");
    let (lock, least) = (blocks[0].block, blocks[1].block);
    assert_eq!(show(lock), Err(Breach::Lock { replica: R0, lock, least }));
}

#[test]
fn what_is_remembered_of_a_long_run_is_bounded() {
    let mut checker = begun(CommitRule::ThreeChain);
    let blocks: Vec<BlockSummary> = (1..=500).map(|view| child(block(0, view - 1), 0, view)).collect();
    for (at, block) in blocks.iter().enumerate() {
        let commit = at.checked_sub(3).map(|at| commit_of(&blocks[at]));
        let events = [added(block), voted(block)].into_iter().chain(commit).collect();
        assert_eq!(tell(&mut checker, 0, events), Ok(()));
    }
    let voter = &checker.voters[&R0];
    assert!(voter.told.blocks().count() <= 3 && voter.reasons.is_empty());
}
