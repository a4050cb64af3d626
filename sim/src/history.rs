//! What clients asked of the store and were told, in the order of the run: what linearizability is judged by.

use crate::ids::ClientNumber;
use crate::request::{Answered, Request};
use crate::step::{Cause, Step};
use hotstuff_core::SequenceNumber;
use hotstuff_kv::{Answer, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One command, from the client's side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Who asked.
    pub client: ClientNumber,
    /// The command's number.
    pub sequence: SequenceNumber,
    /// What it asked for.
    pub operation: Operation,
    /// The step in which it was sent.
    pub invoked: u64,
    /// The step in which the client believed an answer, and the answer. One without may have executed
    /// or not, or may yet.
    pub returned: Option<(u64, Answer)>,
}

/// All commands of a run, by when they were sent.
#[derive(Clone, Debug, Default)]
pub struct History {
    calls: Vec<Call>,
    open: BTreeMap<(ClientNumber, SequenceNumber), usize>,
}

impl History {
    /// The commands.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Takes note of a step.
    pub(crate) fn note(&mut self, step: &Step) {
        if let Cause::Submitted { client, sequence, request: Request::Store(operation) } = &step.cause {
            self.open.insert((*client, *sequence), self.calls.len());
            let (client, sequence, operation) = (*client, *sequence, operation.clone());
            self.calls.push(Call { client, sequence, operation, invoked: step.index, returned: None });
        }
        for result in &step.results {
            let Some(at) = self.open.remove(&(result.client, result.sequence)) else { continue };
            let answer = result.answer.as_ref().and_then(Answered::of_store);
            self.calls[at].returned = answer.map(|answer| (step.index, answer.clone()));
        }
    }
}
