//! Which view it is, and when patience with it ends (HotStuff, section 4.4; DiemBFT v4, section 3.4).

use crate::config::Config;
use crate::ids::{Span, Time, View};
use serde::Serialize;

/// The view and its clock.
///
/// The clock runs only while there is work: an idle view lasts until the next heartbeat is
/// overdue. Back-off doubles the patience with every view that ended by timeout but the first, up
/// to a cap, and is forgotten with the next commit (pitfall 18). A QC alone would not do: where views
/// take long, none of three in a row may fail because the one before went well.
#[derive(Clone)]
pub(crate) struct Pacemaker {
    view: View,
    entered: Time,
    /// When this view was last seen to go on: entered, or a block of it voted for.
    alive: Time,
    working_since: Option<Time>,
    /// Views that ended by timeout since the last commit.
    failures: u32,
    was_sent_again: bool,
    /// Half of the patience with this view's leader was spent in the view before.
    is_half_spent: bool,
    /// When to send this view's timeout again, once it was sent.
    resend_at: Option<Time>,
}

/// How far the patience with a view is used up, by what has happened and not by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Whether its clock runs, because there is work.
    pub is_working: bool,
    /// Whether vote and proposal were sent again.
    pub was_sent_again: bool,
    /// Whether half of the patience was spent on its leader in the view before.
    pub is_half_spent: bool,
    /// Whether it was given up.
    pub gave_up: bool,
}

impl Pacemaker {
    pub(crate) fn new(view: View, now: Time) -> Self {
        Self {
            view,
            entered: now,
            alive: now,
            working_since: None,
            failures: 0,
            was_sent_again: false,
            is_half_spent: false,
            resend_at: None,
        }
    }

    pub(crate) fn view(&self) -> View {
        self.view
    }

    pub(crate) fn entered(&self) -> Time {
        self.entered
    }

    /// How often the patience is doubled. A single failed view says nothing of the network: its
    /// leader may be down.
    pub(crate) fn exponent(&self) -> u32 {
        self.failures.saturating_sub(1)
    }

    /// Forgets failures: a block was committed.
    pub(crate) fn note_commit(&mut self) {
        self.failures = 0;
    }

    /// Begins a later view, by a QC (`progress`) or because the view before timed out.
    pub(crate) fn enter(&mut self, view: View, now: Time, progress: bool) {
        debug_assert!(view > self.view, "views only rise");
        self.failures = self.failures.saturating_add(u32::from(!progress));
        self.view = view;
        self.entered = now;
        self.alive = now;
        self.working_since = None;
        self.was_sent_again = false;
        self.is_half_spent = false;
        self.resend_at = None;
    }

    /// Notes that this view's leader, who was to collect the votes of the view before, was waited for
    /// there, and others did it in its place: it has the other half of the patience.
    pub(crate) fn note_late_leader(&mut self) {
        self.is_half_spent = true;
    }

    /// Notes a vote in this view. From here on it is the next leader who is waited for: all the
    /// patience there is while working, and a heartbeat more while idle.
    pub(crate) fn note_vote(&mut self, now: Time) {
        self.alive = now;
        self.working_since = self.working_since.map(|_| now);
        self.was_sent_again = false;
        self.is_half_spent = false;
    }

    /// Notes that the vote or proposal of this view is sent again.
    pub(crate) fn note_sent_again(&mut self) {
        self.was_sent_again = true;
    }

    /// Says whether there is work, which starts or stops the view's clock.
    pub(crate) fn note_work(&mut self, now: Time, is_work: bool) {
        match (is_work, self.working_since) {
            (true, None) => self.working_since = Some(now),
            (false, Some(_)) => self.working_since = None,
            _ => {}
        }
    }

    /// How long this view may last from the moment its clock runs.
    pub(crate) fn patience(&self, config: &Config) -> Span {
        config.timeout_min_us.backed_off(self.exponent(), config.timeout_max_us)
    }

    /// How much of the patience this view's leader has, in this view.
    pub(crate) fn allowance(&self, config: &Config) -> Span {
        let patience = self.patience(config);
        if self.is_half_spent { Span(patience.0 / 2) } else { patience }
    }

    /// When the next thing is due.
    pub(crate) fn deadline(&self, config: &Config) -> Time {
        let gives_up = self.gives_up_at(config);
        self.sends_again_at(config).map_or(gives_up, |due| due.min(gives_up))
    }

    /// When to send vote and proposal again, once: half-way through the patience.
    pub(crate) fn sends_again_at(&self, config: &Config) -> Option<Time> {
        let is_done = self.was_sent_again || self.is_half_spent || self.gave_up();
        let since = self.working_since.filter(|_| !is_done)?;
        Some(since + Span(self.patience(config).0 / 2))
    }

    /// When to give up, or to say so again.
    pub(crate) fn gives_up_at(&self, config: &Config) -> Time {
        match (self.resend_at, self.working_since) {
            (Some(resend), _) => resend,
            (None, Some(since)) => since + self.allowance(config),
            (None, None) => self.alive + config.heartbeat_us + self.patience(config),
        }
    }

    /// Whether a timeout was sent in this view.
    pub(crate) fn gave_up(&self) -> bool {
        self.resend_at.is_some()
    }

    /// How far the patience with the view is used up.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            is_working: self.working_since.is_some(),
            was_sent_again: self.was_sent_again,
            is_half_spent: self.is_half_spent,
            gave_up: self.gave_up(),
        }
    }

    /// Notes that a timeout is sent at `now`.
    pub(crate) fn sent_timeout(&mut self, now: Time, config: &Config) {
        self.resend_at = Some(now + config.retransmit_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pitfall_18_back_off_is_capped_and_resets_on_progress() {
        let config = Config::default();
        let mut pacemaker = Pacemaker::new(View(1), Time(0));
        for view in 2..40 {
            pacemaker.enter(View(view), Time(0), false);
            assert!(pacemaker.patience(&config) <= config.timeout_max_us);
        }
        assert_eq!(pacemaker.patience(&config), config.timeout_max_us);
        pacemaker.enter(View(41), Time(0), true);
        assert_eq!(pacemaker.patience(&config), config.timeout_max_us, "a QC is not enough");
        pacemaker.note_commit();
        assert_eq!(pacemaker.patience(&config), config.timeout_min_us);
        pacemaker.enter(View(42), Time(0), false);
        assert_eq!(pacemaker.patience(&config), config.timeout_min_us, "one silent leader changes nothing");
        pacemaker.enter(View(43), Time(0), false);
        assert_eq!(pacemaker.patience(&config), Span(2 * config.timeout_min_us.0));
    }

    #[test]
    fn the_clock_runs_only_while_there_is_work() {
        let config = Config::default();
        let mut pacemaker = Pacemaker::new(View(1), Time(0));
        let idle = pacemaker.deadline(&config);
        assert_eq!(idle, Time(0) + config.heartbeat_us + config.timeout_min_us);
        pacemaker.note_work(Time(5), true);
        pacemaker.note_work(Time(9), true);
        assert_eq!(pacemaker.gives_up_at(&config), Time(5) + config.timeout_min_us);
        pacemaker.note_work(Time(10), false);
        assert_eq!(pacemaker.deadline(&config), idle);
    }

    #[test]
    fn what_may_be_lost_is_sent_again_once_and_a_vote_starts_the_wait_for_the_next_leader() {
        let config = Config::default();
        let (patience, half) = (config.timeout_min_us, Span(config.timeout_min_us.0 / 2));
        let mut pacemaker = Pacemaker::new(View(1), Time(0));
        assert_eq!(pacemaker.sends_again_at(&config), None, "while idle");
        pacemaker.note_work(Time(5), true);
        assert_eq!(pacemaker.deadline(&config), Time(5) + half);
        pacemaker.note_sent_again();
        assert_eq!(pacemaker.deadline(&config), Time(5) + patience);
        pacemaker.note_vote(Time(50));
        assert_eq!(pacemaker.deadline(&config), Time(50) + half);
        assert_eq!(pacemaker.gives_up_at(&config), Time(50) + patience);
        pacemaker.sent_timeout(Time(90), &config);
        assert_eq!(pacemaker.deadline(&config), Time(90) + config.retransmit_us);
        pacemaker.enter(View(2), Time(99), true);
        assert!(!pacemaker.gave_up());
    }

    #[test]
    fn a_leader_that_was_waited_for_as_collector_has_the_other_half_of_the_patience() {
        let config = Config::default();
        let (patience, half) = (config.timeout_min_us, Span(config.timeout_min_us.0 / 2));
        let mut pacemaker = Pacemaker::new(View(1), Time(0));
        pacemaker.enter(View(2), Time(10), true);
        pacemaker.note_late_leader();
        pacemaker.note_work(Time(10), true);
        assert_eq!(pacemaker.sends_again_at(&config), None);
        assert_eq!(pacemaker.gives_up_at(&config), Time(10) + half);
        pacemaker.note_vote(Time(20));
        assert_eq!(pacemaker.gives_up_at(&config), Time(20) + patience, "it is the next leader's turn");
        pacemaker.note_late_leader();
        pacemaker.enter(View(3), Time(30), true);
        pacemaker.note_work(Time(30), true);
        assert_eq!(pacemaker.gives_up_at(&config), Time(30) + patience);
    }
}
