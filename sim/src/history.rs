//! What clients asked of the store and were told, in the order of the run: what linearizability is judged by.

use crate::ids::ClientNumber;
use crate::request::{Answered, Request};
use crate::step::{Cause, Step};
use hotstuff_core::SequenceNumber;
use hotstuff_kv::Response;
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
    pub request: hotstuff_kv::Request,
    /// The step in which it was sent.
    pub invoked: u64,
    /// The step in which the client believed an answer, and the answer. One without may have executed
    /// or not, or may yet.
    pub returned: Option<(u64, Response)>,
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
        if let Cause::Submitted { client, sequence, request: Request::Store(request) } = &step.cause {
            self.open.insert((*client, *sequence), self.calls.len());
            let (client, sequence, request) = (*client, *sequence, request.clone());
            self.calls.push(Call { client, sequence, request, invoked: step.index, returned: None });
        }
        for result in &step.results {
            let Some(at) = self.open.remove(&(result.client, result.sequence)) else { continue };
            let answer = result.answer.as_ref().and_then(Answered::of_store);
            self.calls[at].returned = answer.map(|answer| (step.index, answer.clone()));
        }
    }
}
