//! What a host is told, and what its replica makes of it.

use super::message::{Key, Posted};
use hotstuff_core::{Committees, Event, Input, Message, Output, Replica, ReplicaId, Span, Time, View};
use hotstuff_kv::KvStore;
use std::sync::Arc;

/// By how much time leaps where it passes: longer than all that a replica ever waits for.
const LEAP: Span = Span::millis(1_000_000_000);

/// Something that a host is told.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// Its timers have all run out.
    Timer,
    /// A message.
    Message(Arc<Posted>),
}

impl Told {
    pub(super) fn key(&self) -> Key {
        match self {
            Self::Timer => 0,
            Self::Message(posted) => posted.key(),
        }
    }
}

/// What several inputs are given for; those that are left when it is reached are not given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// All are given.
    All,
    /// A QC of this view.
    Certified(View),
    /// To be beyond this view.
    Left(View),
}

/// What a replica made of one input.
pub(super) struct Reaction {
    pub(super) events: Vec<Event>,
    /// To whom, `None` for all others, and what.
    pub(super) sent: Vec<(Option<ReplicaId>, Message)>,
}

/// Takes all outputs. What is to be durable counts as durable at once.
pub(super) fn drain(replica: &mut Replica<KvStore>) -> Reaction {
    let (mut events, mut sent) = (Vec::new(), Vec::new());
    while let Some(output) = replica.poll_output() {
        match output {
            Output::Event(event) => events.push(event),
            Output::Send { to, message } => sent.push((Some(to), message)),
            Output::Broadcast(message) => sent.push((None, message)),
            _ => {} // for disks and clients
        }
    }
    Reaction { events, sent }
}

/// Gives a replica one input after the other, and tells `sink` of each. Returns whether the goal was reached.
pub(super) fn perform(
    (replica, now): (&mut Replica<KvStore>, &mut Time),
    committees: &Committees,
    (inputs, goal): (&[Told], Goal),
    mut sink: impl FnMut(&Told, Time, &Replica<KvStore>, Reaction),
) -> bool {
    for told in inputs {
        let input = match told {
            Told::Timer => {
                *now = *now + LEAP;
                Input::Tick
            }
            Told::Message(posted) => posted.input(committees),
        };
        replica.handle(*now, input);
        let reaction = drain(replica);
        sink(told, *now, replica, reaction);
        let is_reached = match goal {
            Goal::All => false,
            Goal::Certified(view) => replica.status().high_qc.view >= view,
            Goal::Left(view) => replica.status().view > view,
        };
        if is_reached {
            return true;
        }
    }
    goal == Goal::All
}
