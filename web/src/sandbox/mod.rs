//! The sandbox: simulated runs that one goes back and forth in, and what is told of them. All of it runs in a
//! worker; it takes orders and makes reports, and does nothing by itself.
//!
//! What a run does depends on its beginning and on what visitors did, with its steps and simulated times:
//! into how many batches a drive is cut changes nothing (asserted in the tests).

mod answers;
mod opening;
mod run;
mod seen;
#[cfg(test)]
pub(crate) mod tests;

use crate::model::operation::Request;
use crate::source::Source;
use crate::source::report::{Order, Report};
use hotstuff_sim::swarm::Swarm;
use run::Run;

/// The sandbox.
#[derive(Default)]
pub struct SandboxSource {
    run: Option<Run>,
    swarm: Option<Swarm>,
    reports: Vec<Report>,
}

impl Source for SandboxSource {
    fn send(&mut self, order: Order) {
        match order {
            Order::Ask(question) => self.reports.push(Report::Answered(answers::answer(&question))),
            Order::Begin(sandbox, links) => match Run::begin(&sandbox, links, &mut self.reports) {
                Ok(run) => self.run = Some(run),
                Err(why) => {
                    self.run = None;
                    let why = format!("the run cannot begin: {why}");
                    self.reports.push(Report::Problem(why.clone()));
                    self.reports.push(Report::Requested(Request::Failed { why }));
                }
            },
            Order::Hunt(hunt) => self.swarm = Some(Swarm::new(hunt)),
            Order::HuntOn => {
                let report = match self.swarm.as_mut().map(Swarm::advance) {
                    Some(Ok(progress)) => Report::Hunted(progress),
                    Some(Err(why)) => Report::Failed(format!("the hunt cannot go on: {why}")),
                    None => return,
                };
                self.reports.push(report);
            }
            order => {
                if let Some(run) = &mut self.run {
                    run.obey(order, &mut self.reports);
                }
            }
        }
    }

    fn reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }
}
