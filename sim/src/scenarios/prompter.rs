//! Who gives a script's cues, each in its time.

use super::cue::{At, Cue};
use crate::sim::Sim;
use crate::step::Step;
use hotstuff_core::{Event, Height, Time, View};
use std::collections::VecDeque;

/// What is left of a script's cues, and how far the run has come that they wait for.
#[derive(Clone)]
pub(crate) struct Prompter {
    cues: VecDeque<Cue>,
    /// When the last cue came.
    cued: Time,
    /// The highest view that an honest host entered, and the highest block that one committed.
    furthest: (View, Height),
}

impl Prompter {
    /// With these cues to give, in order.
    pub(crate) fn new(cues: Vec<Cue>) -> Self {
        Self { cues: cues.into(), cued: Time(0), furthest: Default::default() }
    }

    /// When the next thing happens, be it a cue or the cluster's own. `None` when nothing will ever
    /// happen any more, or the run is frozen.
    pub(crate) fn next_time(&self, sim: &Sim) -> Option<Time> {
        if sim.violation().is_some() {
            return None;
        }
        let cue = self.cue_time(sim).into_iter();
        cue.chain(sim.next_time()).min()
    }

    /// Lets the next thing happen: a cue that is due, or else what is next in the cluster. A cue that
    /// others have made impossible is left out.
    pub(crate) fn step(&mut self, sim: &mut Sim) -> Option<Step> {
        let step = self.cue(sim).or_else(|| sim.step())?;
        self.note(sim, &step);
        Some(step)
    }

    /// Takes note of a step, also one that others have made.
    pub(crate) fn note(&mut self, sim: &Sim, step: &Step) {
        if step.host.is_none_or(|host| sim.faulty().contains(&host)) {
            return;
        }
        for event in &step.events {
            match event {
                Event::ViewEntered { view, .. } => self.furthest.0 = self.furthest.0.max(*view),
                Event::Committed { block, .. } => {
                    self.furthest.1 = self.furthest.1.max(block.block.height);
                }
                _ => {}
            }
        }
    }

    fn cue(&mut self, sim: &mut Sim) -> Option<Step> {
        while let Some(time) = self.cue_time(sim).filter(|time| self.is_next(sim, *time)) {
            if time > sim.now() {
                sim.run_until(time, |_| {});
            }
            let cue = self.cues.pop_front()?;
            self.cued = time;
            if let Ok(step) = sim.intervene(cue.what) {
                return Some(step);
            }
        }
        None
    }

    /// When the next cue comes, as far as is known: one that waits for a view or a height has no time
    /// before that is there.
    fn cue_time(&self, sim: &Sim) -> Option<Time> {
        let is_there = match self.cues.front()?.at {
            At::Time(time) => return Some(time.max(sim.now())),
            At::After(span) => return Some((self.cued + span).max(sim.now())),
            At::View(view) => self.furthest.0 >= view,
            At::Committed(height) => self.furthest.1 >= height,
        };
        is_there.then_some(sim.now())
    }

    /// Whether a cue of this time comes before the cluster's next step: one that waits for an event
    /// follows it at once, one of a time comes after all else that is due then.
    fn is_next(&self, sim: &Sim, time: Time) -> bool {
        let waits = matches!(self.cues.front(), Some(Cue { at: At::View(_) | At::Committed(_), .. }));
        sim.violation().is_none() && (waits || sim.next_time().is_none_or(|next| next > time))
    }
}
