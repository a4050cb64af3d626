//! Leaving views that do not go well: timeouts, timeout certificates, new-views (Jolteon, figure 2).

use super::Replica;
use crate::app::App;
use crate::certificate::{Timeout, TimeoutCertificate};
use crate::event::{EntryCause, Event};
use crate::ids::{ReplicaId, Span, View};
use crate::io::{Output, Record};
use crate::message::{Message, MessageKind, NewView};

impl<A: App> Replica<A> {
    pub(super) fn enter_view(&mut self, view: View, cause: EntryCause) {
        self.pacemaker.enter(view, self.now, cause == EntryCause::Qc);
        self.entry_cause = cause;
        self.own_proposal = None;
        if self.timeouts.of(self.id, view).is_some() {
            self.pacemaker.sent_timeout(self.now, &self.config);
        }
        let schedule = self.schedule();
        let (leader, next_leader) = (schedule.leader(view), schedule.leader(view.next()));
        self.event(Event::ViewEntered { view, leader, next_leader, cause });
        if cause == EntryCause::Tc && leader != self.id {
            let new_view = self.new_view();
            self.send(leader, Message::NewView(new_view));
        }
    }

    /// This replica's highest certificates.
    pub(super) fn new_view(&self) -> NewView {
        let tc = self.tc.clone().filter(|tc| tc.view > self.high_qc.view());
        NewView { high_qc: self.high_qc.clone(), tc }
    }

    pub(super) fn on_new_view(&mut self, new_view: NewView) {
        self.learn_qc(&new_view.high_qc);
        if let Some(tc) = &new_view.tc {
            self.learn_tc(tc);
        }
    }

    /// Takes a verified timeout certificate in: its high QC first, then the view after it.
    pub(super) fn learn_tc(&mut self, tc: &TimeoutCertificate) {
        self.learn_qc(&tc.high_qc);
        if tc.view < self.view() {
            return;
        }
        self.tc = Some(tc.clone());
        self.persist(Record::Tc(tc.clone()));
        self.enter_view(tc.view.next(), EntryCause::Tc);
    }

    /// Half-way through the patience, sends again what may have been lost; at its end gives up, and
    /// says so again from time to time.
    pub(super) fn check_view_timer(&mut self) {
        if self.pacemaker.sends_again_at(&self.config).is_some_and(|due| due <= self.now) {
            self.pacemaker.note_sent_again();
            self.send_again();
        }
        if self.pacemaker.gives_up_at(&self.config) > self.now {
            return;
        }
        if self.pacemaker.gave_up() {
            self.repeat_timeouts();
        } else {
            self.give_up(self.view(), Some(self.pacemaker.allowance(&self.config)));
        }
    }

    /// Sends again what may have been lost. A vote goes to all: its collector, who leads the next view,
    /// may be down, and then the QC forms at everyone else, half-way through the patience with that
    /// leader. So one that is down costs one patience, and no view but its own.
    fn send_again(&mut self) {
        if let Some(proposal) = self.own_proposal.clone() {
            let block = proposal.block.reference();
            self.event(Event::SentAgain { kind: MessageKind::Proposal, block });
            self.outputs.push_back(Output::Broadcast(Message::Proposal(proposal)));
        }
        if let Some(vote) = self.safety.last_vote().filter(|vote| vote.block.view == self.view()).cloned() {
            if self.collector_of(&vote.block) != self.id {
                self.event(Event::SentAgain { kind: MessageKind::Vote, block: vote.block });
                self.outputs.push_back(Output::Broadcast(Message::Vote(vote.clone())));
            }
            self.on_vote(vote); // a collector that restarted has lost its own
        }
    }

    /// Says again what was given up, with the high QC and the epoch of now.
    fn repeat_timeouts(&mut self) {
        self.pacemaker.sent_timeout(self.now, &self.config);
        let (view, epoch, high_qc) = (self.view(), self.epoch(), self.high_qc.view());
        let is_fresh = |own: &&Timeout| own.high_qc.view() == high_qc && own.epoch == epoch;
        match self.timeouts.of(self.id, view).filter(is_fresh).cloned() {
            Some(own) => self.outputs.push_back(Output::Broadcast(Message::Timeout(own))),
            None => self.give_up(view, Some(self.pacemaker.allowance(&self.config))),
        }
    }

    fn give_up(&mut self, view: View, patience: Option<Span>) {
        self.pacemaker.sent_timeout(self.now, &self.config);
        if !self.is_member() {
            return;
        }
        let timeout = self.sign_timeout(view);
        let exponent = self.pacemaker.exponent();
        let high_qc = self.high_qc.view();
        self.event(Event::TimedOut { view, high_qc, exponent, patience });
        self.outputs.push_back(Output::Broadcast(Message::Timeout(timeout.clone())));
        // Its own last vote went to a collector that may be down; here it counts with the others'.
        if let Some(vote) = timeout.last_vote.clone() {
            self.on_vote(vote);
        }
        if view >= self.view() {
            self.collect_timeout(timeout);
        }
    }

    fn sign_timeout(&mut self, view: View) -> Timeout {
        match self.safety.timeout(self.epoch(), view, self.high_qc.clone()) {
            Ok(binding) => binding.persist(&mut self.outputs),
            Err(why) => unreachable!("the high QC is persisted before the lock rises by it: {why}"),
        }
    }

    /// Takes what a timeout carries before its own meaning: the high QC, and the last vote, which
    /// may complete a QC that its collector did not deliver (pitfall 22).
    pub(super) fn on_timeout(&mut self, from: ReplicaId, timeout: Timeout) {
        if timeout.replica == self.id {
            return; // its own of before a restart, replayed: it counts what it has given up since
        }
        self.learn_qc(&timeout.high_qc);
        if let Some(vote) = timeout.last_vote.clone() {
            self.on_vote(vote);
        }
        let view = timeout.view;
        if view < self.view() {
            // A replayed one gets no answer: it would reach someone who did not ask.
            if from == timeout.replica && !self.give_up_below(from, view) {
                self.tell_newest(from);
            }
            return;
        }
        if !self.is_member() && timeout.high_qc.view() < self.high_qc.view() {
            // A member that leaves may be the only one to have the QC that begins the next epoch.
            self.tell_newest(from);
        }
        self.collect_timeout(timeout);
        let is_over = view >= self.view() && view <= self.safety.last_timeout();
        if is_over && self.timeouts.of(self.id, view).is_none() {
            // It gave up before a restart, or on a later view too.
            self.give_up(view, None);
        }
    }

    /// Gives up on `view` with one who is still there, if this replica went beyond it without a
    /// certificate, by a weak quorum or a restart: certificates bring such a one no further, and
    /// without this replica there may be no quorum that gives up on one view.
    fn give_up_below(&mut self, to: ReplicaId, view: View) -> bool {
        let certified = self.tc.as_ref().map_or(View::GENESIS, |tc| tc.view).max(self.high_qc.view());
        if view <= certified || view > self.safety.last_timeout() || to == self.id || !self.is_member() {
            return false;
        }
        let timeout = self.sign_timeout(view);
        self.send(to, Message::Timeout(timeout));
        true
    }

    /// Sends the highest certificates to one who is seen to be behind.
    pub(super) fn tell_newest(&mut self, to: ReplicaId) {
        if to != self.id {
            let new_view = self.new_view();
            self.send(to, Message::NewView(new_view));
        }
    }

    fn collect_timeout(&mut self, timeout: Timeout) {
        let (epoch, view, replica) = (timeout.epoch, timeout.view, timeout.replica);
        if self.timeouts.add(timeout) {
            self.event(Event::TimeoutCollected { view, replica });
        }
        self.join_weak_quorum();
        if view < self.view() {
            return;
        }
        let committees = self.committees.clone();
        let Ok(committee) = committees.at(epoch) else { return };
        if let Some(tc) = self.timeouts.certificate(committee, view) {
            let signers = tc.signers().collect();
            self.event(Event::TcFormed { view, signers, high_qc: tc.high_qc.view() });
            self.learn_tc(&tc);
        }
    }

    /// f+1 replicas gave up on a view or on later ones: an honest one was there, so the view has
    /// begun, and this replica goes there and gives up too.
    fn join_weak_quorum(&mut self) {
        let schedule = self.schedule();
        let Some(view) = self.timeouts.weak_view(schedule.committee()) else { return };
        if view < self.view() || self.timeouts.of(self.id, view).is_some() {
            return;
        }
        if view > self.view() {
            self.enter_view(view, EntryCause::WeakQuorum);
        }
        self.give_up(view, None);
    }
}
