//! Looking for runs that break something: random plans, made from seeds, run, and shrunk where one
//! finds a violation.
//!
//! Each seed draws which kinds of faults there are and how likely (swarm testing, Groce et al., 2012),
//! so that some runs have much of one kind and nothing of the others.

mod changes;

mod course;
mod coverage;
mod draw;
mod faults;
mod plan;
mod shrink;

pub use course::Course;
pub use coverage::{Coverage, Sight};
pub use draw::Space;
pub use plan::{Plan, Planned, Report};
pub use shrink::{Shrunk, shrink};
