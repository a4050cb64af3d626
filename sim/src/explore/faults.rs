//! The faults of a plan: which kinds there are, and how many of each, is drawn anew for each seed.

use super::changes::Drawn;
use super::draw::Draw;
use super::plan::Planned;
use crate::byzantine::Conduct;
use crate::clock::DRIFT_PPM_MAX;
use crate::config::{LinkConfig, SimConfig};
use crate::ids::HostId;
use crate::intervention::{Intervention, WriteEdge};
use hotstuff_core::{ReplicaId, Span, Time};

/// Faults as they are drawn.
pub(super) struct Faults<'a> {
    draw: &'a mut Draw,
    planned: Vec<Planned>,
    /// All hosts.
    hosts: Vec<HostId>,
    /// Those that will keep to the protocol.
    honest: Vec<HostId>,
    /// Those that need not, and whose disks may be lost.
    corruptible: Vec<HostId>,
    end_us: u64,
}

impl<'a> Faults<'a> {
    /// The faults of a run, and when they end. Names twins in `config`.
    pub(super) fn drawn(draw: &'a mut Draw, config: &mut SimConfig) -> (Vec<Planned>, Time) {
        let end_us = 1_000 * draw.within(2_000, 9_000);
        let committee = Drawn::of(draw, config);
        let mut honest: Vec<HostId> = (0..config.replicas).map(|id| ReplicaId(id).into()).collect();
        let mut corruptible = Vec::new();
        let mut spare = committee.corruptible_max();
        for _ in 0..draw.within(0, (u64::from(config.replicas) - 1) / 3) {
            let at = usize::try_from(draw.within(0, honest.len() as u64 - 1)).expect("below their number");
            let power = committee.power(honest[at].replica);
            if power <= spare {
                spare -= power;
                corruptible.push(honest.remove(at));
            }
        }
        honest.extend(committee.joiners().map(HostId::from));
        let mut hosts: Vec<HostId> = honest.iter().chain(&corruptible).copied().collect();
        corruptible.retain(|host| {
            let is_twin = draw.once_in(3);
            if is_twin {
                config.twins.push(host.replica);
                hosts.push(HostId::twin_of(host.replica));
            }
            !is_twin
        });
        hosts.sort_unstable();
        let mut faults = Faults { draw, planned: Vec::new(), hosts, honest, corruptible, end_us };
        faults.corrupt();
        for what in committee.changes(faults.draw, &faults.honest) {
            let at = faults.some_time();
            faults.plan(at, Intervention::Reconfigure(what));
        }
        let kinds: [fn(&mut Faults<'a>); 8] = [
            Faults::noise,
            Faults::partitions,
            Faults::cuts,
            Faults::slow_links,
            Faults::crashes,
            Faults::crashes_at_writes,
            Faults::clocks,
            Faults::timers,
        ];
        for kind in kinds {
            if faults.draw.once_in(2) {
                kind(&mut faults);
            }
        }
        let mut planned = faults.planned;
        planned.sort_by_key(|one| one.at);
        (planned, Time(end_us))
    }

    fn plan(&mut self, at_us: u64, what: Intervention) {
        self.planned.push(Planned { at: Time(at_us), what });
    }

    fn some_time(&mut self) -> u64 {
        self.draw.within(0, self.end_us)
    }

    fn host(&mut self) -> HostId {
        self.draw.one_of(&self.hosts)
    }

    /// Two hosts that differ.
    fn way(&mut self) -> (HostId, HostId) {
        let from = self.host();
        let others: Vec<HostId> = self.hosts.iter().copied().filter(|host| *host != from).collect();
        (from, self.draw.one_of(&others))
    }

    /// Most that are corruptible have a conduct, mostly from the start; some lose their disk.
    fn corrupt(&mut self) {
        for host in self.corruptible.clone() {
            if self.draw.once_in(5) {
                let at = self.some_time();
                self.plan(at, Intervention::Kill(host));
                let until = at + 1_000 * self.draw.within(1, 500);
                self.plan(until, Intervention::RestartEmpty(host));
                continue;
            }
            let at = if self.draw.once_in(4) { self.some_time() } else { 0 };
            let conduct = self.draw.one_of(&Conduct::ALL);
            self.plan(at, Intervention::Corrupt { host, conduct });
        }
    }

    /// Messages are lost, repeated and late, for a while or all the time.
    fn noise(&mut self) {
        let LinkConfig { delay_min_us, delay_max_us, .. } = LinkConfig::default();
        for _ in 0..self.draw.within(1, 4) {
            let ppm = |draw: &mut Draw, max: u64| {
                let ppm = if draw.once_in(2) { draw.within(0, max) } else { 0 };
                u32::try_from(ppm).expect("below a million")
            };
            let links = LinkConfig {
                delay_min_us,
                delay_max_us: Span(delay_max_us.0 * self.draw.within(1, 12)),
                loss_ppm: ppm(self.draw, 300_000),
                repeat_ppm: ppm(self.draw, 200_000),
                late_ppm: ppm(self.draw, 200_000),
                late_max_us: self.draw.millis(50, 2_000),
            };
            let at = self.some_time();
            self.plan(at, Intervention::SetLinks(links));
        }
    }

    /// Groups that do not hear each other, one partition after the other.
    fn partitions(&mut self) {
        for _ in 0..self.draw.within(1, 8) {
            let (at, count) = (self.some_time(), self.draw.within(2, 3));
            let mut groups = vec![Vec::new(); usize::try_from(count).expect("two or three")];
            for host in self.hosts.clone() {
                let group = self.draw.within(0, count - 1);
                groups[usize::try_from(group).expect("below their number")].push(host);
            }
            groups.retain(|group| !group.is_empty());
            self.plan(at, Intervention::Partition(groups));
            if self.draw.once_in(2) {
                let until = at + 1_000 * self.draw.within(50, 3_000);
                self.plan(until, Intervention::Partition(Vec::new()));
            }
        }
    }

    /// Directions in which nothing arrives.
    fn cuts(&mut self) {
        for _ in 0..self.draw.within(1, 12) {
            let (at, (from, to)) = (self.some_time(), self.way());
            self.plan(at, Intervention::Cut { from, to });
            let until = at + 1_000 * self.draw.within(20, 3_000);
            self.plan(until, Intervention::Mend { from, to });
        }
    }

    /// Links of their own.
    fn slow_links(&mut self) {
        for _ in 0..self.draw.within(1, 6) {
            let (at, (from, to)) = (self.some_time(), self.way());
            let delay_max_us = self.draw.millis(20, 1_500);
            let link = LinkConfig { delay_max_us, ..LinkConfig::default() };
            self.plan(at, Intervention::SetLink { from, to, link });
        }
    }

    /// Crashes, also of more than f at once: progress may stop then, agreement may not.
    fn crashes(&mut self) {
        for _ in 0..self.draw.within(1, 6) {
            let (at, host) = (self.some_time(), self.host());
            self.plan(at, Intervention::Kill(host));
            let until = at + 1_000 * self.draw.within(5, 2_500);
            self.plan(until, Intervention::Restart(host));
        }
    }

    /// Crashes where it matters: between a write and what depends on it.
    fn crashes_at_writes(&mut self) {
        for _ in 0..self.draw.within(1, 5) {
            let (at, host) = (self.some_time(), self.draw.one_of(&self.honest.clone()));
            let edge = self.draw.one_of(&[WriteEdge::After, WriteEdge::Before, WriteEdge::Within]);
            let writes = self.draw.within(0, 12);
            self.plan(at, Intervention::KillAtWrite { host, writes, edge });
            for _ in 0..4 {
                let until = at + 1_000 * self.draw.within(5, 1_500);
                self.plan(until, Intervention::Restart(host));
            }
        }
    }

    /// Clocks that are wrong.
    fn clocks(&mut self) {
        for _ in 0..self.draw.within(1, 4) {
            let (at, host) = (self.some_time(), self.host());
            let (jump, most) = (self.draw.millis(0, 2_000), i64::from(DRIFT_PPM_MAX));
            let drift = self.draw.within(0, 2 * most.unsigned_abs()).cast_signed() - most;
            let drift_ppm = i32::try_from(drift).expect("at most the largest drift");
            self.plan(at, Intervention::SetClock { host, jump, drift_ppm });
        }
    }

    /// Timers that fire too soon.
    fn timers(&mut self) {
        for _ in 0..self.draw.within(1, 12) {
            let (at, host) = (self.some_time(), self.host());
            self.plan(at, Intervention::FireTimer(host));
        }
    }
}
