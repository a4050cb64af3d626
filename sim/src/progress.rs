//! After the network has become stable, the cluster goes on: the one property that takes time to show.

use crate::checkers::{Breach, Violation};
use crate::client::CommandResult;
use crate::config::SimError;
use crate::ids::{ClientNumber, HostId};
use crate::intervention::Intervention;
use crate::sim::Sim;
use crate::step::{Cause, Step};
use hotstuff_core::command::Outcome;
use hotstuff_core::{Height, Replica, SequenceNumber, Span, Time};
use hotstuff_kv::{KvStore, Operation};

/// How far the check has come.
#[derive(Clone, Copy, Default)]
pub(crate) enum Probe {
    /// No client could send a command yet.
    #[default]
    Unsent,
    Sent(ClientNumber, SequenceNumber),
    /// It executed at this height.
    Answered(Height),
}

impl Sim {
    /// Lets a client send a command and the run go on until it is answered and all honest hosts that
    /// are up have committed it, which must come about within `bound`. The caller sees to it that it
    /// can: a quorum of honest hosts is up, and the network is stable.
    ///
    /// The command is an intervention like any other, so the run can be made again, up to the end of the
    /// check; that it is checked there is no part of the record.
    ///
    /// # Errors
    /// What a checker finds meanwhile, or [`Breach::NoProgress`]. Either freezes the run.
    pub fn check_progress(&mut self, bound: Span) -> Result<(), Violation> {
        self.check_progress_with(bound, |_| {})
    }

    /// The same, and lets `sink` see each step that comes about by itself.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn check_progress_with(
        &mut self,
        bound: Span,
        mut sink: impl FnMut(&Step),
    ) -> Result<(), Violation> {
        let deadline = self.now + bound;
        let mut probe = Probe::Unsent;
        loop {
            if let Some(violation) = &self.violation {
                return Err(violation.clone());
            }
            match probe {
                Probe::Unsent => (probe, _) = self.send_probe(),
                Probe::Answered(height) if self.behind(height).is_empty() => return Ok(()),
                Probe::Sent(..) | Probe::Answered(_) => {}
            }
            if self.next_time().is_none_or(|next: Time| next > deadline) {
                break;
            }
            let step = self.step().expect("one is due");
            sink(&step);
            probe = probe.after(&step);
        }
        let because = self.because(probe);
        let (step, time) = (self.steps.saturating_sub(1), self.now);
        let violation = Violation { step, time, breach: Breach::NoProgress { bound, because } };
        self.violation = Some(violation.clone());
        Err(violation)
    }

    /// Lets the first client that may send one send a command.
    pub(crate) fn send_probe(&mut self) -> (Probe, Option<Step>) {
        for client in (0..self.config.clients).map(ClientNumber) {
            let request = Operation::Set { key: b"progress".to_vec(), value: b"made".to_vec() }.into();
            match self.intervene(Intervention::Submit { client, request }) {
                Ok(step) => {
                    let Cause::Submitted { client, sequence, .. } = step.cause else {
                        unreachable!("a command was submitted")
                    };
                    return (Probe::Sent(client, sequence), Some(step));
                }
                Err(SimError::Submit(_)) => {} // it has too many in flight
                Err(other) => unreachable!("the run goes on, and there is such a client: {other}"),
            }
        }
        (Probe::Unsent, None)
    }

    /// The honest members that are up and have not committed up to `height`.
    fn behind(&self, height: Height) -> Vec<HostId> {
        let honest = || self.hosts.iter().filter(|(id, _)| !self.faulty.contains(id));
        let cores = || honest().filter_map(|(id, host)| Some((id, host.replica()?)));
        let furthest = cores().max_by_key(|(_, core)| core.status().committed_head.height);
        let Some(members) = furthest.map(|(_, core)| core.committees().newest().clone()) else {
            return Vec::new();
        };
        let is_behind = |core: &Replica<KvStore>| core.status().committed_head.height < height;
        let behind = cores().filter(|(id, core)| members.contains(id.replica) && is_behind(core));
        behind.map(|(id, _)| *id).collect()
    }

    /// What is missing, and where all hosts are.
    fn because(&self, probe: Probe) -> String {
        let what = match probe {
            Probe::Unsent => "no client could send a command".to_string(),
            Probe::Sent(client, sequence) => format!("{sequence} of {client} is not answered"),
            Probe::Answered(height) => {
                let behind: Vec<String> = self.behind(height).iter().map(HostId::to_string).collect();
                format!("height {height} is not committed by {}", behind.join(" "))
            }
        };
        self.hosts.iter().fold(what, |text, (id, host)| {
            let status = host.status();
            let state = if host.replica().is_none() {
                " is down,"
            } else if self.faulty.contains(id) {
                " is faulty,"
            } else {
                ""
            };
            format!("{text}; {id}{state} in view {}, committed {}", status.view, status.committed_head)
        })
    }
}

impl Probe {
    /// How far it has come after a step.
    pub(crate) fn after(self, step: &Step) -> Self {
        step.results.iter().fold(self, |probe, result| probe.learn(result))
    }

    /// Whether a command is still to be sent.
    pub(crate) fn is_unsent(self) -> bool {
        matches!(self, Self::Unsent)
    }

    /// A client has learnt something: it may be the answer, or that there will be none.
    fn learn(self, result: &CommandResult) -> Self {
        match (self, &result.outcome) {
            (Self::Sent(client, sequence), outcome)
                if (client, sequence) == (result.client, result.sequence) =>
            {
                match outcome {
                    Some(Outcome::Executed { height, .. }) => Self::Answered(*height),
                    _ => Self::Unsent,
                }
            }
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Signatures, SimConfig, Workload};
    use hotstuff_core::ReplicaId;

    fn sim(workload: Workload) -> Sim {
        Sim::new(SimConfig { signatures: Signatures::Tags, workload, ..SimConfig::default() }).unwrap()
    }

    fn kill(sim: &mut Sim, replicas: &[u16]) {
        for id in replicas {
            sim.intervene(Intervention::Kill(ReplicaId(*id).into())).unwrap();
        }
    }

    #[test]
    fn a_cluster_that_goes_on_passes_and_is_not_frozen() {
        let mut sim = sim(Workload::default());
        assert_eq!(sim.check_progress(Span::millis(2_000)), Ok(()));
        kill(&mut sim, &[3]);
        assert_eq!(sim.check_progress(Span::millis(10_000)), Ok(()));
        assert_eq!((sim.violation(), sim.replies().len()), (None, 2));
        let again = Sim::rerun(sim.config().clone(), sim.interventions(), sim.steps()).unwrap();
        assert_eq!(again.trace_hash(), sim.trace_hash());
    }

    #[test]
    fn a_cluster_that_does_not_answer_is_found_and_frozen() {
        let mut sim = sim(Workload::default());
        kill(&mut sim, &[1, 3]);
        let violation = sim.check_progress(Span::millis(10_000)).unwrap_err();
        assert_eq!(sim.violation(), Some(&violation));
        assert!(sim.step().is_none());
        let text = violation.to_string();
        for part in [
            "no progress within 10",
            "#1 of client 0 is not answered",
            "; r1 is down, in view ",
            "; r2 in view ",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(sim.check_progress(Span(0)), Err(violation), "what was found stays so");
    }

    #[test]
    fn a_replica_that_stays_behind_is_found() {
        let mut sim = sim(Workload::default());
        let host = |id| crate::HostId::from(ReplicaId(id));
        let groups = vec![vec![host(0), host(1), host(3)], vec![host(2)]];
        sim.intervene(Intervention::Partition(groups)).unwrap();
        let text = sim.check_progress(Span::millis(10_000)).unwrap_err().to_string();
        assert!(text.contains(" is not committed by r2; r0 in view "), "{text}");
    }

    #[test]
    fn a_client_that_may_send_nothing_waits_until_it_may() {
        let workload = Workload { commands: 1, in_flight: 1, interval_us: Span(1) };
        let mut busy = sim(workload);
        busy.run_until(Time(1_000), |_| {});
        assert_eq!(busy.check_progress(Span::millis(5_000)), Ok(()));
        assert_eq!(busy.replies().len(), 2);

        let mut stuck = sim(workload);
        kill(&mut stuck, &[1, 3]);
        stuck.run_until(Time(1_000), |_| {});
        let text = stuck.check_progress(Span::millis(5_000)).unwrap_err().to_string();
        assert!(text.contains("no client could send a command"), "{text}");
    }
}
