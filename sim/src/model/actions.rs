//! What hosts can do in a state.

use super::local::Live;
use super::message::Posted;
use super::space::{Action, Space, State};
use super::stage::{Part, Stage, Turn};
use super::told::{Goal, Told};
use crate::weakness::Weakness;
use hotstuff_core::message::MessageKind;
use hotstuff_core::{BlockRef, Message, Power, QuorumCertificate, ReplicaId, View};
use std::sync::Arc;

/// What one host can do.
struct Choice {
    turn: Turn,
    inputs: Vec<Told>,
    goal: Goal,
}

impl Space {
    /// All actions, in a fixed order.
    pub(super) fn actions_in(&self, state: &State, actions: &mut Vec<Action>) {
        let limit = if self.is_sorted { self.limit(state) } else { None };
        for (host, live) in lives(state) {
            for Choice { turn, inputs, goal } in self.choices(state, limit, host, live) {
                actions.push(Action { turn, hosts: vec![host], inputs, goal });
            }
        }
        let timer = |turn, hosts| Action { turn, hosts, inputs: vec![Told::Timer], goal: Goal::All };
        let waiting = || lives(state).filter(|(_, live)| !live.place.gave_up);
        if !self.is_sorted {
            actions.extend(waiting().map(|(host, _)| timer(state.turn, vec![host])));
            return;
        }
        // All at once who still wait in the earliest view.
        let Some(view) = waiting().map(|(_, live)| live.place.view).min() else { return };
        let turn = Turn::timers(view);
        if limit.is_none_or(|limit| turn <= limit) {
            let are_there = waiting().filter(|(_, live)| live.place.view == view);
            actions.push(timer(turn, are_there.map(|(host, _)| host).collect()));
        }
    }

    /// The last turn that may come before some host has done what costs it nothing: given up a view in which
    /// it can vote no more, or left one that it has given up.
    fn limit(&self, state: &State) -> Option<Turn> {
        let limit = |(host, live): (usize, &Live)| {
            let view = live.place.view;
            if !live.place.gave_up {
                return Some(Turn::timers(view));
            }
            let turn = Turn { stage: Stage { view, part: Part::Certificates }, host };
            let may_be_free = view < self.world.last_view() && !live.leads_next && turn >= state.turn;
            let is_free =
                |pair: [&Arc<Posted>; 2]| pair[0].view == view && self.brought(live, pair) == (None, None);
            (may_be_free && self.pairs(state, host, view).into_iter().any(is_free)).then_some(turn)
        };
        lives(state).filter_map(limit).min()
    }

    /// What a host can do, up to a turn, about what it may hear.
    fn choices(&self, state: &State, limit: Option<Turn>, host: usize, live: &Live) -> Vec<Choice> {
        let turn = |kind, view: View| {
            if !self.is_sorted {
                return Some(state.turn);
            }
            let last = view.max(live.place.view);
            let turn = |&part| Turn { stage: Stage { view: last, part }, host };
            let turn = live.place.parts(kind, view).iter().map(turn).find(|turn| *turn >= state.turn);
            turn.filter(|turn| limit.is_none_or(|limit| *turn <= limit))
        };
        let told = |posted: &Arc<Posted>| Told::Message(posted.clone());
        let mut choices = Vec::new();
        for posted in self.heard(state, host, MessageKind::Proposal) {
            let Some(turn) = turn(posted.kind, posted.view) else { continue };
            if !self.is_sorted || self.is_of_use(live, posted) {
                choices.push(Choice { turn, inputs: vec![told(posted)], goal: Goal::All });
            }
        }
        let may_count = |posted: &&Arc<Posted>| {
            let (view, own) = (posted.view, live.place.view);
            view > live.high_qc && own <= view.next() && turn(MessageKind::Vote, view).is_some()
        };
        for (block, votes) in ballots(self.heard(state, host, MessageKind::Vote).filter(may_count)) {
            let Some(turn) = turn(MessageKind::Vote, block.view) else { continue };
            let inputs = votes.into_iter().map(told).collect();
            choices.push(Choice { turn, inputs, goal: Goal::Certified(block.view) });
        }
        let mut known = Vec::new();
        for pair in self.pairs(state, host, live.place.view) {
            let view = pair[0].view;
            let Some(turn) = turn(MessageKind::Timeout, view) else { continue };
            // Of pairs that lead to the same certificates one is enough.
            let brought = (view, self.brought(live, pair));
            if self.is_sorted && known.contains(&brought) {
                continue;
            }
            known.push(brought);
            choices.push(Choice { turn, inputs: pair.map(told).into(), goal: Goal::Left(view) });
        }
        choices
    }

    fn heard<'a>(
        &self,
        state: &'a State,
        host: usize,
        kind: MessageKind,
    ) -> impl Iterator<Item = &'a Arc<Posted>> + use<'a> {
        let id = self.world.hosts()[host].replica;
        state.pool.iter().filter(move |posted| posted.kind == kind && posted.is_for(id))
    }

    /// Whether a proposal can do more than add a block that is not voted for and that nothing refers to.
    fn is_of_use(&self, live: &Live, posted: &Posted) -> bool {
        let Message::Proposal(proposal) = posted.letter.content() else { return false };
        let is_timely =
            posted.view > live.place.view || (posted.view == live.place.view && !live.place.gave_up);
        is_timely
            || live.missing.contains(&proposal.block.id())
            || proposal.block.justify().view() > live.high_qc
            || self.world.bounds.weakness == Some(Weakness::VoteAfterTimeout)
    }

    /// Two timeouts of one view by different replicas, of `least` or later: with a third, its own, they make a
    /// certificate. First those without twins, one of whose votes would stand in the way of the other's.
    fn pairs<'a>(&self, state: &'a State, host: usize, least: View) -> Vec<[&'a Arc<Posted>; 2]> {
        let timeouts: Vec<&'a Arc<Posted>> =
            self.heard(state, host, MessageKind::Timeout).filter(|posted| posted.view >= least).collect();
        let mut pairs = Vec::new();
        for one in &timeouts {
            let after =
                |other: &&Arc<Posted>| other.view == one.view && other.from.replica > one.from.replica;
            pairs.extend(timeouts.iter().copied().filter(after).map(|other| [*one, other]));
        }
        let is_twin = |posted: &Arc<Posted>| self.world.config.twins.contains(&posted.from.replica);
        pairs.sort_by_key(|[one, other]| {
            let twins = is_twin(one) || is_twin(other);
            (one.view, twins, one.from.replica, other.from.replica, one.key(), other.key())
        });
        pairs
    }

    /// What a host learns from two timeouts beside that it can leave their view: a QC that it did not know,
    /// and the block that their votes and its own certify.
    fn brought<'a>(
        &self,
        live: &Live,
        pair: [&'a Arc<Posted>; 2],
    ) -> (Option<&'a QuorumCertificate>, Option<BlockRef>) {
        let timeouts = pair.map(|posted| match posted.letter.content() {
            Message::Timeout(timeout) => timeout,
            _ => unreachable!("only timeouts are paired"),
        });
        let voted = timeouts.map(|timeout| timeout.last_vote.as_ref().map(|vote| vote.block));
        let votes: Vec<BlockRef> = voted.into_iter().chain([live.last_vote]).flatten().collect();
        let quorum = self.world.committees().newest().quorum();
        let is_certified = |block: &&BlockRef| {
            let count = votes.iter().filter(|other| other == block).count();
            block.view > live.high_qc && Power(count as u64) >= quorum
        };
        let qcs = timeouts.into_iter().map(|timeout| &timeout.high_qc);
        let newer = qcs.filter(|qc| qc.view() > live.high_qc).max_by_key(|qc| qc.view());
        (newer, votes.iter().find(is_certified).copied())
    }
}

fn lives(state: &State) -> impl Iterator<Item = (usize, &Live)> {
    state.locals.iter().enumerate().filter_map(|(host, local)| Some((host, local.live()?)))
}

/// The votes for each block, each voter's once, by voter.
fn ballots<'a>(heard: impl Iterator<Item = &'a Arc<Posted>>) -> Vec<(BlockRef, Vec<&'a Arc<Posted>>)> {
    let mut votes: Vec<(BlockRef, ReplicaId, &Arc<Posted>)> = Vec::new();
    for posted in heard {
        let Message::Vote(vote) = posted.letter.content() else { continue };
        if votes.iter().all(|(block, voter, _)| (*block, *voter) != (vote.block, vote.voter)) {
            votes.push((vote.block, vote.voter, posted));
        }
    }
    votes.sort_by_key(|(block, voter, _)| (*block, *voter));
    let same = votes.chunk_by(|(one, ..), (other, ..)| one == other);
    same.map(|votes| (votes[0].0, votes.iter().map(|(.., posted)| *posted).collect())).collect()
}
