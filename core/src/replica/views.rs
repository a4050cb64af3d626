//! Leaving views that do not go well: timeouts, timeout certificates, new-views (Jolteon, figure 2).

use super::Replica;
use crate::app::App;
use crate::certificate::{Timeout, TimeoutCertificate};
use crate::event::{EntryCause, Event};
use crate::ids::{ReplicaId, Span, View};
use crate::io::{Output, Record};
use crate::message::{Message, NewView};

impl<A: App> Replica<A> {
    pub(super) fn enter_view(&mut self, view: View, cause: EntryCause) {
        self.pacemaker.enter(view, self.now, cause == EntryCause::Qc);
        self.entry_cause = cause;
        self.sent_timeout = None;
        let leader = self.committee.leader(view);
        self.event(Event::ViewEntered { view, leader, cause });
        if cause == EntryCause::Tc && leader != self.id {
            let new_view = self.new_view();
            self.send(leader, Message::NewView(new_view));
        }
    }

    /// This replica's highest certificates.
    fn new_view(&self) -> NewView {
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

    /// Gives up on the view, or says so again, when its time is over.
    pub(super) fn check_view_timer(&mut self) {
        if self.pacemaker.deadline(&self.config) > self.now {
            return;
        }
        match self.sent_timeout.clone() {
            Some(timeout) if timeout.high_qc.view() == self.high_qc.view() => {
                self.pacemaker.sent_timeout(self.now, &self.config);
                self.outputs.push_back(Output::Broadcast(Message::Timeout(timeout)));
            }
            _ => self.give_up_view(Some(self.pacemaker.patience(&self.config))),
        }
    }

    fn give_up_view(&mut self, patience: Option<Span>) {
        let view = self.view();
        self.pacemaker.sent_timeout(self.now, &self.config);
        let timeout = match self.safety.timeout(view, self.high_qc.clone()) {
            Ok(binding) => binding.persist(&mut self.outputs),
            // After a restart below a view given up before; the cluster will pull this replica up.
            Err(_) => return,
        };
        let exponent = self.pacemaker.exponent();
        let high_qc = self.high_qc.view();
        self.event(Event::TimedOut { view, high_qc, exponent, patience });
        self.outputs.push_back(Output::Broadcast(Message::Timeout(timeout.clone())));
        self.sent_timeout = Some(timeout.clone());
        // Its own last vote went to a collector that may be down; here it counts with the others'.
        if let Some(vote) = timeout.last_vote.clone() {
            self.on_vote(vote);
        }
        if view == self.view() {
            self.collect_timeout(timeout);
        }
    }

    /// Takes what a timeout carries before its own meaning: the high QC, and the last vote, which
    /// may complete a QC that its collector did not deliver (pitfall 22).
    pub(super) fn on_timeout(&mut self, from: ReplicaId, timeout: Timeout) {
        self.learn_qc(&timeout.high_qc);
        if let Some(vote) = timeout.last_vote.clone() {
            self.on_vote(vote);
        }
        if timeout.view < self.view() {
            // A replayed one gets no answer: it would reach someone who did not ask.
            if from == timeout.replica && from != self.id {
                let new_view = self.new_view();
                self.send(from, Message::NewView(new_view));
            }
            return;
        }
        self.collect_timeout(timeout);
    }

    fn collect_timeout(&mut self, timeout: Timeout) {
        let (view, replica) = (timeout.view, timeout.replica);
        if self.timeouts.add(timeout) {
            self.event(Event::TimeoutCollected { view, replica });
        }
        self.join_weak_quorum();
        if view < self.view() {
            return;
        }
        if let Some(tc) = self.timeouts.certificate(&self.committee, view) {
            let signers = tc.signers().collect();
            self.event(Event::TcFormed { view, signers, high_qc: tc.high_qc.view() });
            self.learn_tc(&tc);
        }
    }

    /// f+1 replicas gave up on a view: an honest one did, so this one goes there and does too.
    fn join_weak_quorum(&mut self) {
        let Some(view) = self.timeouts.weak_view(&self.committee) else { return };
        if view < self.view() || (view == self.view() && self.pacemaker.gave_up()) {
            return;
        }
        if view > self.view() {
            self.enter_view(view, EntryCause::WeakQuorum);
        }
        self.give_up_view(None);
    }
}
