//! Where events come from: orders go in, reports come out, both plain data, so that a source may
//! run anywhere (the sandbox does in a worker) and nothing else notices.

pub mod live;
pub mod pacer;
pub mod question;
pub mod report;

pub(crate) mod steps;

pub mod worker;

pub use report::{Order, Report, StepTo};

/// A source of reports.
pub trait Source {
    /// Asks for something; what comes of it is reported.
    fn send(&mut self, order: Order);

    /// What was reported since the last call, oldest first.
    fn reports(&mut self) -> Vec<Report>;

    /// Whether it still has orders to report on, or reports that nobody has taken.
    fn is_busy(&self) -> bool {
        false
    }
}
