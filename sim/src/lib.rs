//! A deterministic cluster around the shipping core: network, disks, clocks, a client, and
//! checkers after every step. The same seed and interventions give the same steps everywhere.
//!
//! ```
//! use hotstuff_core::{ReplicaId, Span, Time};
//! use hotstuff_sim::{Intervention, Sim, SimConfig, Workload};
//!
//! let workload = Workload { commands: 3, interval_us: Span::millis(50) };
//! let mut sim = Sim::new(SimConfig { seed: 7, workload, ..SimConfig::default() })?;
//! sim.intervene(Intervention::Kill(ReplicaId(2)))?;
//! sim.run_until(Time(20_000_000), |step| println!("{step}"));
//! assert_eq!(sim.violation(), None);
//! assert_eq!(sim.replies().len(), 3);
//! # Ok::<(), hotstuff_sim::SimError>(())
//! ```

mod checkers;
mod client;
mod cluster;
mod config;
mod disk;
mod dispatch;
mod host;
mod intervention;
mod network;
mod queue;
mod reference;
mod rng;
mod sim;
mod step;
mod trace;

pub use checkers::{Breach, Violation};
pub use client::CommandResult;
pub use config::{LinkConfig, REPLICAS_MAX, SimConfig, SimError, Workload};
pub use host::HostView;
pub use intervention::{Intervened, Intervention, WriteEdge};
pub use network::{ClientInFlight, InFlight};
pub use reference::{ReferenceRun, reference_run};
pub use sim::Sim;
pub use step::{Cause, DropCause, Step};
