//! Tells a path as the steps of a run: the same replicas, from the start, judged by the simulator's checkers.

use super::Account;
use super::message::Posted;
use super::properties::{AGREEMENT, PREFIX, VOTES};
use super::space::Action;
use super::told::{Reaction, Told, drain, perform};
use super::world::World;
use crate::checkers::{Checkers, Judge, Observed, Sent};
use crate::config::SimError;
use crate::ids::{ClientNumber, HostId};
use crate::network::Letter;
use crate::step::{Cause, Step};
use hotstuff_core::{Replica, Time};
use hotstuff_kv::KvStore;

/// The run under way.
struct Teller<'a> {
    world: &'a World,
    checkers: Checkers,
    account: Account,
}

/// The path of these actions.
pub(super) fn tell(world: &World, property: &str, actions: &[Action]) -> Result<Account, SimError> {
    let judge = match property {
        AGREEMENT => Some(Judge::Agreement),
        VOTES => Some(Judge::Votes),
        PREFIX => Some(Judge::Prefix),
        _ => None,
    };
    let account = Account { actions: actions.len(), steps: Vec::new(), violation: None };
    let mut teller = Teller { world, checkers: Checkers::only(judge), account };
    let mut replicas: Vec<(Replica<KvStore>, Time)> = Vec::new();
    for &host in world.hosts() {
        let (mut replica, command) = world.boot(host)?;
        let reaction = drain(&mut replica);
        teller.step((host, Time(0)), Cause::Started, None, (&replica, reaction));
        if let Some(command) = command {
            let sequence = command.id.sequence;
            replica.handle(Time(0), world.admitted(command));
            let reaction = drain(&mut replica);
            let cause = Cause::CommandDelivered { client: ClientNumber(0), id: 0, sequence };
            teller.step((host, Time(0)), cause, None, (&replica, reaction));
        }
        replicas.push((replica, Time(0)));
    }
    for action in actions {
        for &at in &action.hosts {
            let host = world.hosts()[at];
            let (replica, now) = &mut replicas[at];
            let told = (&action.inputs[..], action.goal);
            perform((replica, now), world.committees(), told, |told, time, replica, reaction| {
                let (cause, received) = match told {
                    Told::Timer => (Cause::Timer, None),
                    Told::Message(posted) => (delivered(posted), Some(&posted.letter)),
                };
                teller.step((host, time), cause, received, (replica, reaction));
            });
        }
    }
    Ok(teller.account)
}

fn delivered(posted: &Posted) -> Cause {
    Cause::Delivered { id: 0, from: posted.from, kind: posted.kind, view: Some(posted.view) }
}

impl Teller<'_> {
    fn step(
        &mut self,
        (host, time): (HostId, Time),
        cause: Cause,
        received: Option<&Sent>,
        (replica, reaction): (&Replica<KvStore>, Reaction),
    ) {
        let index = self.account.steps.len() as u64;
        let Reaction { events, sent } = reaction;
        let step = Step { index, time, host: Some(host), cause, events, results: Vec::new() };
        let sent: Vec<Sent> = sent.into_iter().map(|(_, message)| Letter::new(message)).collect();
        let status = replica.status();
        let observed = Observed {
            step: &step,
            received: received.map(|letter| &**letter),
            sent: &sent,
            replica: Some(replica),
            status: Some(&status),
        };
        // What a twin does and says is no breach of anything.
        let is_faulty = self.world.config.twins.contains(&host.replica);
        if !is_faulty && self.account.violation.is_none() {
            self.account.violation = self.checkers.check(&observed);
        }
        self.account.steps.push(step);
    }
}
