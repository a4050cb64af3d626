//! Asks a worker of its own what is asked beside the run: it is started for the first question.

use crate::source::question::{Answer, Question};
use crate::source::worker::WorkerSource;
use crate::source::{Order, Report, Source};
use futures::channel::oneshot;
use std::collections::VecDeque;

/// Who has asked, in order.
#[derive(Default)]
pub struct Asker {
    worker: Option<WorkerSource>,
    waiting: VecDeque<oneshot::Sender<Answer>>,
}

impl Asker {
    /// Asks. The answer comes when [`collect`](Self::collect) has found it.
    pub fn ask(&mut self, question: Question) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        self.worker.get_or_insert_with(WorkerSource::start).send(Order::Ask(question));
        self.waiting.push_back(sender);
        receiver
    }

    /// Hands out the answers that have come.
    pub fn collect(&mut self) {
        let reports = self.worker.as_mut().map(WorkerSource::reports).unwrap_or_default();
        for report in reports {
            let answer = match report {
                Report::Answered(answer) => answer,
                Report::Failed(why) => {
                    for sender in self.waiting.drain(..) {
                        // Whoever waits no longer needs no answer.
                        let _ = sender.send(Answer::Refused(why.clone()));
                    }
                    self.worker = None;
                    return;
                }
                _ => continue,
            };
            if let Some(sender) = self.waiting.pop_front() {
                // As above.
                let _ = sender.send(answer);
            }
        }
    }
}
