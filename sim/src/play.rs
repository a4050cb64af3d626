//! A run as a visitor plays it: a cluster left alone, a lesson's script or a plan, and what the visitor
//! does beside. It can be copied, and each copy goes on as the other would.

use crate::config::{SimConfig, SimError};
use crate::explore::{Course, Plan};
use crate::intervention::{Intervened, Intervention};
use crate::progress::Probe;
use crate::scenarios::{self, Prompter};
use crate::sim::Sim;
use crate::step::Step;
use hotstuff_core::{CommitRule, Time};
use serde::{Deserialize, Serialize};

/// What a run begins with. With what visitors do it decides the whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Beginning {
    /// A cluster that nobody directs.
    Free(Box<SimConfig>),
    /// A lesson's script.
    Lesson {
        /// The lesson's name.
        name: String,
        /// Which of its scripts, from 0.
        script: u8,
        /// The seed.
        seed: u64,
        /// The commit rule, where the script leaves it open.
        rule: Option<CommitRule>,
    },
    /// A plan, such as one that a search has found.
    Plan(Box<Plan>),
}

/// Why a run cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeginError {
    /// There is no such lesson, or it has no such script.
    #[error("there is no lesson “{0}” with a script {1}")]
    NoLesson(String, u8),
    /// The cluster cannot be.
    #[error(transparent)]
    Sim(#[from] SimError),
}

/// A run under way.
#[derive(Clone)]
pub struct Play(Kind);

#[derive(Clone)]
enum Kind {
    Free(Box<Sim>),
    Lesson(Box<Sim>, Prompter),
    Plan(Box<Course>, Probe),
}

impl Play {
    /// A run at its beginning. It keeps no history: steps tell all.
    ///
    /// # Errors
    /// When there is no such lesson, or the cluster cannot be.
    pub fn new(beginning: &Beginning) -> Result<Self, BeginError> {
        let mut play = Self(match beginning {
            Beginning::Free(config) => Kind::Free(Box::new(Sim::new((**config).clone())?)),
            Beginning::Lesson { name, script, seed, rule } => {
                let scenario = scenarios::named(name);
                let script = scenario
                    .and_then(|scenario| scenario.scripts.get(usize::from(*script)))
                    .ok_or_else(|| BeginError::NoLesson(name.clone(), *script))?;
                let (sim, prompter) = script.begin(*seed, *rule);
                Kind::Lesson(Box::new(sim), prompter)
            }
            Beginning::Plan(plan) => Kind::Plan(Box::new(Course::new(plan)?), Probe::default()),
        });
        play.sim_mut().forget_history();
        Ok(play)
    }

    /// The cluster.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        match &self.0 {
            Kind::Free(sim) | Kind::Lesson(sim, _) => sim,
            Kind::Plan(course, _) => course.sim(),
        }
    }

    fn sim_mut(&mut self) -> &mut Sim {
        match &mut self.0 {
            Kind::Free(sim) | Kind::Lesson(sim, _) => sim,
            Kind::Plan(course, _) => course.sim_mut(),
        }
    }

    /// When the next step is due. `None` when nothing will ever happen any more, or the run is frozen.
    #[must_use]
    pub fn next_time(&self) -> Option<Time> {
        match &self.0 {
            Kind::Free(sim) => sim.next_time(),
            Kind::Lesson(sim, prompter) => prompter.next_time(sim),
            Kind::Plan(course, probe) if probes(course, *probe) => Some(course.sim().now()),
            Kind::Plan(course, _) => course.next_time(),
        }
    }

    /// Lets the next thing happen that is due at `until` or before; `None` where there is none.
    pub fn step(&mut self, until: Time) -> Option<Step> {
        if self.next_time()? > until {
            return None;
        }
        match &mut self.0 {
            Kind::Free(sim) => sim.step(),
            Kind::Lesson(sim, prompter) => prompter.step(sim),
            Kind::Plan(course, probe) => {
                // As when the plan is run: in the end a command is sent to see whether it goes on.
                if probes(course, *probe) {
                    let sent;
                    (*probe, sent) = course.sim_mut().send_probe();
                    if sent.is_some() {
                        return sent;
                    }
                }
                let step = course.step(until)?;
                if course.is_over() {
                    *probe = probe.after(&step);
                }
                Some(step)
            }
        }
    }

    /// Lets time pass up to `time`, before which nothing is due.
    pub fn rest(&mut self, time: Time) {
        if self.next_time().is_none_or(|next| next > time) {
            self.sim_mut().run_until(time, |_| {});
        }
    }

    /// Does something to the cluster, now.
    ///
    /// # Errors
    /// When it cannot be done. Then nothing has happened.
    pub fn intervene(&mut self, what: Intervention) -> Result<Step, SimError> {
        let step = self.sim_mut().intervene(what)?;
        self.note(&step);
        Ok(step)
    }

    /// Does what a visitor did before, at the same step and time.
    ///
    /// # Errors
    /// When it is of another run.
    pub fn intervene_again(&mut self, visit: &Intervened) -> Result<Step, SimError> {
        let step = self.sim_mut().intervene_again(visit)?;
        self.note(&step);
        Ok(step)
    }

    fn note(&mut self, step: &Step) {
        if let Kind::Lesson(sim, prompter) = &mut self.0 {
            prompter.note(sim, step);
        }
    }
}

/// Whether a plan's run is at the point at which a command is to be sent.
fn probes(course: &Course, probe: Probe) -> bool {
    probe.is_unsent() && course.is_over() && course.sim().violation().is_none()
}
