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

/// What one host can do, and when: at the first of these stages that has not passed.
struct Choice {
    stages: Vec<Stage>,
    inputs: Vec<Told>,
    goal: Goal,
}

impl Space {
    /// All actions, in a fixed order.
    pub(super) fn actions_in(&self, state: &State, actions: &mut Vec<Action>) {
        let limit = if self.is_sorted { self.limit(state) } else { None };
        let lives =
            || state.locals.iter().enumerate().filter_map(|(host, local)| Some((host, local.live()?)));
        for (host, live) in lives() {
            for Choice { stages, inputs, goal } in self.options(state, host, live) {
                let turn =
                    stages.into_iter().map(|stage| Turn { stage, host }).find(|turn| *turn >= state.turn);
                let turn = if self.is_sorted { turn } else { Some(state.turn) };
                let turn = turn.filter(|turn| limit.is_none_or(|limit| *turn <= limit));
                actions.extend(turn.map(|turn| Action { turn, hosts: vec![host], inputs, goal }));
            }
        }
        // Who is still waiting in the earliest view.
        let waiting = |live: &Live| !live.place.gave_up;
        let Some(view) = lives().filter(|(_, live)| waiting(live)).map(|(_, live)| live.place.view).min()
        else {
            return;
        };
        let hosts: Vec<usize> = lives()
            .filter(|(_, live)| waiting(live) && live.place.view == view)
            .map(|(host, _)| host)
            .collect();
        let turn = Turn { stage: Stage { view, part: Part::Timers }, host: 0 };
        let (inputs, goal) = (vec![Told::Timer], Goal::All);
        if self.is_sorted {
            if limit.is_none_or(|limit| turn <= limit) {
                actions.push(Action { turn, hosts, inputs, goal });
            }
        } else {
            let alone = |host| Action { turn: state.turn, hosts: vec![host], inputs: inputs.clone(), goal };
            actions.extend(hosts.into_iter().map(alone));
        }
    }

    /// The last turn that may come before some host has done what costs it nothing: given up a view in which
    /// it can vote no more, or left one that it has given up.
    fn limit(&self, state: &State) -> Option<Turn> {
        let limit = |(host, local): (usize, &Arc<super::local::Local>)| {
            let live = local.live()?;
            let view = live.place.view;
            if !live.place.gave_up {
                return Some(Turn { stage: Stage { view, part: Part::Timers }, host: 0 });
            }
            let is_free = view < self.world.last_view()
                && !live.leads_next
                && self
                    .pairs(state, host, live)
                    .into_iter()
                    .any(|pair| self.brought(live, pair) == (None, None));
            is_free.then_some(Turn { stage: Stage { view, part: Part::Certificates }, host })
        };
        state.locals.iter().enumerate().filter_map(limit).filter(|turn| *turn >= state.turn).min()
    }

    /// What a host can do about what it may hear.
    fn options(&self, state: &State, host: usize, live: &Live) -> Vec<Choice> {
        let mut options = Vec::new();
        let stages = |kind, view: View| -> Vec<Stage> {
            let last = view.max(live.place.view);
            live.place.parts(kind, view).iter().map(|&part| Stage { view: last, part }).collect()
        };
        for posted in self.heard(state, host, MessageKind::Proposal) {
            if !self.is_sorted || self.is_of_use(live, posted) {
                let (stages, inputs) =
                    (stages(posted.kind, posted.view), vec![Told::Message(posted.clone())]);
                options.push(Choice { stages, inputs, goal: Goal::All });
            }
        }
        for (block, votes) in ballots(self.heard(state, host, MessageKind::Vote)) {
            if block.view > live.high_qc && live.place.view <= block.view.next() {
                let inputs = votes.into_iter().map(|posted| Told::Message(posted.clone())).collect();
                let stages = stages(MessageKind::Vote, block.view);
                options.push(Choice { stages, inputs, goal: Goal::Certified(block.view) });
            }
        }
        let mut known = Vec::new();
        for pair in self.pairs_from(state, host, live.place.view) {
            // Of pairs that lead to the same certificates one is enough.
            let (view, brought) = (pair[0].view, self.brought(live, pair));
            if self.is_sorted && known.contains(&(view, brought)) {
                continue;
            }
            known.push((view, brought));
            let inputs = pair.into_iter().map(|posted| Told::Message(posted.clone())).collect();
            options.push(Choice {
                stages: stages(MessageKind::Timeout, view),
                inputs,
                goal: Goal::Left(view),
            });
        }
        options
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
    fn pairs_from<'a>(&self, state: &'a State, host: usize, least: View) -> Vec<[&'a Arc<Posted>; 2]> {
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

    fn pairs<'a>(&self, state: &'a State, host: usize, live: &Live) -> Vec<[&'a Arc<Posted>; 2]> {
        let mut pairs = self.pairs_from(state, host, live.place.view);
        pairs.retain(|pair| pair[0].view == live.place.view);
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
