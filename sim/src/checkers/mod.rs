//! What must hold after every step. The first thing that does not freezes the run.

mod agreement;
mod breach;
mod certificates;
mod commit_rule;
mod execution;
#[cfg(test)]
mod fabricated;
mod firsts;
mod memory;
mod prefix;
mod proposals;
mod told;
mod votes;
mod voting_rule;
mod witness;

use crate::config::SimConfig;
use crate::network::Letter;
use crate::step::Step;
use dyn_clone::{DynClone, clone_trait_object};
use hotstuff_core::message::MessageKind;
use hotstuff_core::{Committee, Event, Message, Refusal, Replica, ReplicaId, Status};
use hotstuff_kv::KvStore;
use std::sync::Arc;

pub use breach::{Breach, Violation};

/// What a replica sent or received in a step.
pub(crate) type Sent = Arc<Letter<Message, Refusal>>;

/// All that checkers may look at after a step.
pub(crate) struct Observed<'a> {
    pub(crate) step: &'a Step,
    /// The message that arrived.
    pub(crate) received: Option<&'a Letter<Message, Refusal>>,
    /// What was handed to the network, in order.
    pub(crate) sent: &'a [Sent],
    /// The step's replica afterwards, if it is up, and its status.
    pub(crate) replica: Option<&'a Replica<KvStore>>,
    pub(crate) status: Option<&'a Status>,
}

impl<'a> Observed<'a> {
    /// A step in which nothing was received or sent.
    #[cfg(test)]
    pub(crate) fn of(step: &'a Step) -> Self {
        Self { step, received: None, sent: &[], replica: None, status: None }
    }

    /// Which replica's step it was.
    fn id(&self) -> Option<ReplicaId> {
        self.step.host.map(|host| host.replica)
    }

    /// Whether the message that arrived, of that kind, was refused.
    fn refuses(&self, kind: MessageKind) -> bool {
        let is_refusal = |event: &Event| matches!(event, Event::MessageRefused { kind: Some(refused), .. } if *refused == kind);
        self.step.events.iter().any(is_refusal)
    }
}

/// One property.
trait Checker: DynClone + Send {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach>;
}

/// A property that the model is checked for too.
#[cfg(feature = "cli")]
#[derive(Clone, Copy)]
pub(crate) enum Judge {
    Agreement,
    Prefix,
    Votes,
}

clone_trait_object!(Checker);

/// All properties.
#[derive(Clone)]
pub(crate) struct Checkers(Vec<Box<dyn Checker>>);

impl Checkers {
    pub(crate) fn new(config: &SimConfig, committee: &Arc<Committee>) -> Self {
        Self(vec![
            Box::<agreement::Agreement>::default(),
            Box::<prefix::CommittedPrefix>::default(),
            Box::<votes::Votes>::default(),
            Box::<proposals::Proposals>::default(),
            Box::new(voting_rule::VotingRule::new(config.rule)),
            Box::new(commit_rule::Commits::new(config.rule)),
            Box::new(certificates::Certificates::new(committee)),
            Box::new(execution::Execution::new(committee)),
            Box::new(witness::Witness::new(config)),
            Box::new(memory::Memory::new(config)),
        ])
    }

    /// Those that look at what is committed and executed alone. A rule that is broken on the way there may
    /// come to nothing; then these find nothing.
    pub(crate) fn of_outcome(committee: &Arc<Committee>) -> Self {
        Self(vec![
            Box::<agreement::Agreement>::default(),
            Box::<prefix::CommittedPrefix>::default(),
            Box::new(execution::Execution::new(committee)),
        ])
    }

    /// One property alone, or none.
    #[cfg(feature = "cli")]
    pub(crate) fn only(judge: Option<Judge>) -> Self {
        let checker = judge.map(|judge| -> Box<dyn Checker> {
            match judge {
                Judge::Agreement => Box::<agreement::Agreement>::default(),
                Judge::Prefix => Box::<prefix::CommittedPrefix>::default(),
                Judge::Votes => Box::<votes::Votes>::default(),
            }
        });
        Self(checker.into_iter().collect())
    }

    /// The first property that does not hold after a step.
    pub(crate) fn check(&mut self, observed: &Observed<'_>) -> Option<Violation> {
        let Step { index, time, .. } = *observed.step;
        let breach = self.0.iter_mut().find_map(|checker| checker.check(observed).err())?;
        Some(Violation { step: index, time, breach })
    }
}
