//! A deterministic cluster around the shipping core: network, disks, clocks, a client, and
//! checkers after every step. The same seed and interventions give the same steps everywhere.
//!
//! ```
//! use hotstuff_core::{ReplicaId, Span, Time};
//! use hotstuff_sim::{Intervention, Sim, SimConfig, Workload};
//!
//! let workload = Workload { commands: 3, interval_us: Span::millis(50), ..Workload::default() };
//! let mut sim = Sim::new(SimConfig { seed: 7, workload, ..SimConfig::default() })?;
//! sim.intervene(Intervention::Kill(ReplicaId(2).into()))?;
//! sim.run_until(Time(20_000_000), |step| println!("{step}"));
//! assert_eq!(sim.violation(), None);
//! assert_eq!(sim.replies().len(), 3);
//! # Ok::<(), hotstuff_sim::SimError>(())
//! ```

mod byzantine;
mod checkers;
mod client;
mod clock;
mod cluster;
mod code;
mod config;
mod disk;
mod dispatch;
mod electorate;
pub mod explore;
mod history;
mod host;
mod ids;
mod in_flight;
mod intervention;
mod interventions;
#[cfg(feature = "cli")]
pub mod linearizability;
#[cfg(feature = "cli")]
pub mod model;
mod network;
pub mod play;
mod progress;
mod queue;
mod reference;
mod request;
mod rng;
pub mod scenarios;
mod script;
mod sim;
mod step;
pub mod swarm;
mod tags;
pub mod timeline;
mod trace;
pub mod twins;
mod weakness;
pub mod why;

pub use byzantine::Conduct;
pub use checkers::{Breach, Violation};
pub use client::CommandResult;
pub use clock::DRIFT_PPM_MAX;
pub use code::CodeError;
pub use config::{CLIENTS_MAX, LinkConfig, REPLICAS_MAX, Signatures, SimConfig, SimError, Workload};
pub use electorate::Electorate;
pub use history::{Call, History};
pub use host::HostView;
pub use ids::{ClientNumber, HostId};
pub use in_flight::{ClientInFlight, InFlight};
pub use intervention::{Intervened, Intervention, WriteEdge};
pub use reference::{ReferenceRun, reference_run};
pub use request::{Answered, Reconfiguration, Request};
pub use script::{SCRIPT_VIEWS_MAX, ScriptedView, ViewScript};
pub use sim::Sim;
pub use step::{Cause, DropCause, Step};
pub use weakness::Weakness;
