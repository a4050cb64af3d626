//! What came of a request, for people and for programs.

use super::driver::{ClientDriver, Done};
use super::exit::{self, CommandError, Exit};
use crate::config::hex;
use hotstuff_core::command::Outcome;
use hotstuff_kv::language::{Said, Written, WrittenRequest};
use hotstuff_kv::{Answer, Operation, Request, Response};
use serde_json::{Value, json};

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Json,
}

/// What was asked, and what came of it.
#[derive(Debug)]
pub(crate) struct Told {
    request: Request,
    result: Result<(Response, Done), CommandError>,
}

/// Has a request carried out.
pub(crate) async fn ask(driver: &ClientDriver, request: Request) -> Told {
    let result = answer(driver, &request).await;
    Told { request, result }
}

async fn answer(driver: &ClientDriver, request: &Request) -> Result<(Response, Done), CommandError> {
    request.check()?;
    let done = driver.submit(request.encode()).await?;
    match &done.outcome {
        Outcome::Executed { result, .. } => Ok((Response::decode(result)?, done)),
        Outcome::TooOld => Err(CommandError::TooOld),
        Outcome::NotAdmitted(why) => Err(CommandError::NotAdmitted(*why)),
    }
}

impl Told {
    #[cfg(test)]
    pub(super) fn new(request: Request, result: Result<(Response, Done), CommandError>) -> Self {
        Self { request, result }
    }

    /// That the wait for `request` was given up.
    pub(super) fn given_up(request: Request) -> Self {
        Self { request, result: Err(CommandError::GivenUp) }
    }

    /// That `request` was not sent, because of one before it.
    pub(super) fn not_sent(request: Request) -> Self {
        Self { request, result: Err(CommandError::NotSent) }
    }

    /// Whether the request may still be carried out, and change something.
    pub(super) fn may_still_write(&self) -> bool {
        let is_open = matches!(self.exit(), Exit::NoAgreement | Exit::Busy);
        is_open && self.request.operations().iter().any(Operation::writes)
    }

    pub(crate) fn exit(&self) -> Exit {
        match &self.result {
            Ok((response, _)) if response.invalid().is_some() => Exit::Error,
            Ok((Response::One(Answer::NotFound), _)) => Exit::NotFound,
            Ok((Response::One(Answer::Mismatch(_)), _)) => Exit::Mismatch,
            Ok((Response::ConditionFailed { .. } | Response::Aborted { .. }, _)) => Exit::Mismatch,
            Ok(_) => Exit::Done,
            Err(error) => error.exit(),
        }
    }

    /// Why there is no answer of the store, where there is none.
    pub(crate) fn failure(&self) -> Option<&CommandError> {
        self.result.as_ref().err()
    }

    /// One line, with values as the language writes them.
    pub(crate) fn line(&self) -> String {
        match &self.result {
            Ok((response, _)) => Said(response).to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    /// What stands on standard output when this was all that was asked: a value byte for byte, each entry and each
    /// answer of a transaction on a line of its own. What is no answer of the store is an error.
    pub(super) fn text(&self) -> Result<Vec<u8>, String> {
        let (response, _) = self.result.as_ref().map_err(ToString::to_string)?;
        if let Some(why) = response.invalid() {
            let which = if let Response::Aborted { index, .. } = response { Some(index + 1) } else { None };
            return Err(which.map_or(why.to_string(), |which| format!("operation {which}: {why}")));
        }
        let mut lines = match response {
            Response::One(Answer::Value(value) | Answer::Deleted(value)) => value.clone(),
            Response::One(Answer::Entries { entries, .. }) if !entries.is_empty() => {
                let line =
                    |(key, value): &(Vec<u8>, Vec<u8>)| format!("{} = {}", Written(key), Written(value));
                entries.iter().map(line).collect::<Vec<_>>().join("\n").into_bytes()
            }
            Response::Transaction(answers) if !answers.is_empty() => {
                let line = |answer: &Answer| Said(&answer.clone().into()).to_string();
                answers.iter().map(line).collect::<Vec<_>>().join("\n").into_bytes()
            }
            other => Said(other).to_string().into_bytes(),
        };
        lines.push(b'\n');
        Ok(lines)
    }

    /// How to go on where a list did not have room for all.
    pub(super) fn more(&self) -> Option<String> {
        match &self.result {
            Ok((Response::One(Answer::Entries { entries, more: true }), _)) => {
                let (last, _) = entries.last()?;
                Some(format!("there are more: go on after {}", Written(last)))
            }
            _ => None,
        }
    }

    /// What `-v` tells.
    pub(super) fn details(&self) -> Option<String> {
        self.result.as_ref().ok().map(|(_, done)| exit::details(done))
    }

    /// How long it took, where it was answered.
    pub(super) fn latency_us(&self) -> Option<u64> {
        self.result.as_ref().ok().map(|(_, done)| done.latency.0)
    }

    /// Keys that were asked for or told.
    pub(super) fn keys(&self) -> Vec<Vec<u8>> {
        let asked = self.request.operations().iter().filter_map(|operation| operation.key());
        let mut keys: Vec<Vec<u8>> = asked.map(<[u8]>::to_vec).collect();
        if let Ok((Response::One(Answer::Entries { entries, .. }), _)) = &self.result {
            keys.extend(entries.iter().map(|(key, _)| key.clone()));
        }
        keys
    }

    fn outcome(&self) -> &'static str {
        if matches!(self.result, Err(CommandError::NotSent)) { "not-sent" } else { name(self.exit()) }
    }

    /// One object. `docs/client.md` tells its fields.
    pub(super) fn json(&self) -> Value {
        let mut object = json!({
            "request": WrittenRequest(&self.request).to_string(),
            "outcome": self.outcome(),
        });
        let facts = match &self.result {
            Ok((response, done)) => {
                let ids = |replicas: &[hotstuff_core::ReplicaId]| -> Vec<u16> {
                    replicas.iter().map(|id| id.0).collect()
                };
                let height = if let Outcome::Executed { height, .. } = done.outcome { height.0 } else { 0 };
                json!({
                    "response": response_json(response),
                    "sequence": done.sequence.0,
                    "height": height,
                    "agreed": ids(&done.replicas),
                    "others": ids(&done.others),
                    "first_reply_us": done.first_reply.0,
                    "latency_us": done.latency.0,
                })
            }
            Err(error) => json!({ "error": error.to_string() }),
        };
        if let (Some(object), Value::Object(facts)) = (object.as_object_mut(), facts) {
            object.extend(facts);
        }
        object
    }
}

/// An exit code's name in JSON.
pub(super) fn name(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "done",
        Exit::NotFound => "not-found",
        Exit::Error => "error",
        Exit::NoAgreement => "no-agreement",
        Exit::Busy => "busy",
        Exit::Refused => "refused",
        Exit::Mismatch => "mismatch",
    }
}

/// Bytes as JSON has them: a string where they are UTF-8, otherwise their hexadecimal digits.
pub(super) fn bytes_json(bytes: &[u8]) -> Value {
    std::str::from_utf8(bytes).map_or_else(|_| json!({ "hex": hex::encode(bytes) }), |text| json!(text))
}

fn found_json(found: Option<&Vec<u8>>) -> Value {
    found.map_or(Value::Null, |value| bytes_json(value))
}

fn response_json(response: &Response) -> Value {
    match response {
        Response::One(answer) => answer_json(answer),
        Response::Transaction(answers) => {
            json!({ "kind": "transaction", "answers": answers.iter().map(answer_json).collect::<Vec<_>>() })
        }
        Response::ConditionFailed { index, found } => {
            json!({ "kind": "condition-failed", "condition": index + 1, "found": found_json(found.as_ref()) })
        }
        Response::Aborted { index, why } => {
            json!({ "kind": "aborted", "operation": index + 1, "why": answer_json(why) })
        }
        Response::Invalid(why) => json!({ "kind": "invalid", "why": why.to_string() }),
    }
}

fn answer_json(answer: &Answer) -> Value {
    match answer {
        Answer::Ok => json!({ "kind": "ok" }),
        Answer::Value(value) => json!({ "kind": "value", "value": bytes_json(value) }),
        Answer::Deleted(value) => json!({ "kind": "deleted", "value": bytes_json(value) }),
        Answer::NotFound => json!({ "kind": "not-found" }),
        Answer::Mismatch(found) => json!({ "kind": "mismatch", "found": found_json(found.as_ref()) }),
        Answer::Number(number) => json!({ "kind": "number", "number": number }),
        Answer::Entries { entries, more } => {
            let entry = |(key, value): &(Vec<u8>, Vec<u8>)| json!({ "key": bytes_json(key), "value": bytes_json(value) });
            json!({ "kind": "entries", "entries": entries.iter().map(entry).collect::<Vec<_>>(), "more": more })
        }
        Answer::Invalid(why) => json!({ "kind": "invalid", "why": why.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::command::NotAdmitted;
    use hotstuff_core::{Height, ReplicaId, SequenceNumber, Span};
    use hotstuff_kv::{Invalid, Operation};

    fn told(response: impl Into<Response>) -> Told {
        let response = response.into();
        let outcome = Outcome::Executed { height: Height(7), result: response.encode() };
        let done = Done {
            sequence: SequenceNumber(1),
            outcome,
            replicas: vec![ReplicaId(0), ReplicaId(2)],
            others: vec![ReplicaId(1)],
            first_reply: Span(900),
            latency: Span(1_500),
        };
        let request = Operation::Get { key: b"k".to_vec() }.into();
        Told { request, result: Ok((response, done)) }
    }

    fn entries(more: bool) -> Answer {
        Answer::Entries { entries: vec![(b"a".to_vec(), b"1 2".to_vec()), (b"b".to_vec(), vec![255])], more }
    }

    #[test]
    fn a_value_is_printed_byte_for_byte_and_each_entry_on_a_line() {
        let text = |response: Response| String::from_utf8_lossy(&told(response).text().unwrap()).into_owned();
        assert_eq!(told(Answer::Value(vec![0xff, 10])).text().unwrap(), [0xff, 10, 10]);
        assert_eq!(text(Answer::Ok.into()), "OK\n");
        assert_eq!(text(Answer::NotFound.into()), "Key not found\n");
        assert_eq!(text(entries(true).into()), "a = \"1 2\"\nb = 0xff\n");
        assert_eq!(told(entries(true)).more().unwrap(), "there are more: go on after b");
        assert_eq!(told(entries(false)).more(), None);
        assert_eq!(text(Response::Transaction(vec![Answer::Ok, Answer::Number(3)])), "OK\n3\n");
        assert_eq!(told(Answer::Invalid(Invalid::StoreFull)).text().unwrap_err(), "the store is full");
        let why = Answer::Invalid(Invalid::NotANumber);
        let aborted = told(Response::Aborted { index: 1, why });
        assert_eq!(aborted.text().unwrap_err(), "operation 2: the value is not a number");
    }

    #[test]
    fn what_came_of_it_decides_the_exit_code() {
        assert_eq!(told(entries(false)).exit(), Exit::Done);
        assert_eq!(told(Answer::NotFound).exit(), Exit::NotFound);
        assert_eq!(told(Answer::Mismatch(None)).exit(), Exit::Mismatch);
        assert_eq!(told(Response::ConditionFailed { index: 0, found: None }).exit(), Exit::Mismatch);
        assert_eq!(told(Response::Aborted { index: 0, why: Answer::Mismatch(None) }).exit(), Exit::Mismatch);
        assert_eq!(told(Response::Invalid(Invalid::Malformed)).exit(), Exit::Error);
        let refused =
            Told { result: Err(CommandError::NotAdmitted(NotAdmitted::TooLarge)), ..told(Answer::Ok) };
        assert_eq!((refused.exit(), refused.text().is_err()), (Exit::Error, true));
    }

    #[test]
    fn programs_read_json() {
        let expected = json!({
            "request": "get k", "outcome": "done", "sequence": 1, "height": 7, "agreed": [0, 2], "others": [1],
            "first_reply_us": 900, "latency_us": 1_500,
            "response": { "kind": "entries", "more": true, "entries": [
                { "key": "a", "value": "1 2" }, { "key": "b", "value": { "hex": "ff" } },
            ]},
        });
        assert_eq!(told(entries(true)).json(), expected);
        let failed = told(Response::ConditionFailed { index: 1, found: None }).json();
        assert_eq!(failed["response"], json!({ "kind": "condition-failed", "condition": 2, "found": null }));
        let refused = Told { result: Err(CommandError::TooOld), ..told(Answer::Ok) }.json();
        assert_eq!(refused["outcome"], "error");
        assert!(refused["error"].as_str().unwrap().starts_with("refused as too old"));
    }
}
