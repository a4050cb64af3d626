//! What is made of a run's steps, and comes back when one goes back.

use crate::model::{Cluster, Flight, Reach, Trail};
use crate::source::steps;
use hotstuff_core::{Time, wire};
use hotstuff_sim::timeline::Fold;
use hotstuff_sim::{Sim, Step};

/// What is known of the cluster at a step.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) cluster: Cluster,
    pub(super) trail: Trail,
}

impl Seen {
    /// What is known before the first step.
    pub(super) fn of(sim: &Sim) -> Self {
        let genesis = sim.committee().genesis_qc().block;
        let mut cluster = Cluster::new(sim.committee().into(), genesis, Reach::Up);
        for host in sim.hosts() {
            cluster.meet(host.id, Reach::Up);
            cluster.adopt(host.id, &host.status, Time(0));
        }
        Self { cluster, trail: Trail::default() }
    }
}

impl Fold for Seen {
    /// Encoded: maps and lists of small things take several times the room.
    type Kept = Box<[u8]>;

    fn keep(&self) -> Box<[u8]> {
        wire::encode(&(&self.cluster, &self.trail)).into()
    }

    fn restored(kept: &Box<[u8]>) -> Self {
        let (cluster, trail) = wire::decode(kept).expect("it was encoded right here");
        Self { cluster, trail }
    }

    fn step(&mut self, step: &Step, sim: &Sim) {
        if let Some(host) = step.host.filter(|host| self.cluster.replica(*host).is_none())
            && let Some(view) = sim.hosts().find(|view| view.id == host)
        {
            self.cluster.meet(host, Reach::Up);
            self.cluster.adopt(host, &view.status, step.time);
        }
        for record in steps::records(step) {
            self.cluster.fold(&record);
            self.trail.fold(&record);
        }
        sim.posted().iter().for_each(|flight| self.trail.sent(&Flight::from(*flight)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_sim::SimConfig;

    #[test]
    fn what_is_kept_of_a_step_is_all_of_it() {
        let mut sim = Sim::new(SimConfig::default()).unwrap();
        let mut seen = Seen::of(&sim);
        for _ in 0..300 {
            let step = sim.step().unwrap();
            seen.step(&step, &sim);
        }
        assert!(seen.trail.flights.len() > 100 && seen.cluster.committed_height().0 > 0);
        assert_eq!(format!("{:?}", Seen::restored(&seen.keep())), format!("{seen:?}"));
    }
}
