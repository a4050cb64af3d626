//! A store as simple as can be: a map, copied before each transaction.

use hotstuff_kv::{Answer, ENTRY_BYTES, Expected, Invalid, KvStore, Operation, Request, Response};
use std::collections::BTreeMap;

pub type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

pub struct Model {
    pub entries: Entries,
    bytes_max: u64,
}

impl Model {
    pub fn with_limit(bytes_max: u64) -> Self {
        Self { entries: Entries::new(), bytes_max }
    }

    pub fn bytes(&self) -> u64 {
        self.entries.iter().map(|(key, value)| ENTRY_BYTES + (key.len() + value.len()) as u64).sum()
    }

    /// A store made of the entries alone.
    pub fn store(&self) -> KvStore {
        let mut store = KvStore::default();
        for (key, value) in &self.entries {
            let set = Operation::Set { key: key.clone(), value: value.clone() };
            assert_eq!(store.apply(set), Answer::Ok.into());
        }
        store
    }

    /// The entries before, and what is answered.
    pub fn apply(&mut self, request: &Request) -> (Entries, Response) {
        let before = self.entries.clone();
        let response = self.respond(request);
        if !matches!(response, Response::One(_) | Response::Transaction(_)) {
            self.entries.clone_from(&before);
        }
        (before, response)
    }

    fn respond(&mut self, request: &Request) -> Response {
        if let Err(why) = request.check() {
            return Response::Invalid(why);
        }
        let (conditions, operations) = match request {
            Request::One(operation) => return Response::One(self.one(operation)),
            Request::Transaction { conditions, operations } => (conditions, operations),
        };
        for (condition, index) in conditions.iter().zip(0..) {
            let found = self.entries.get(&condition.key).cloned();
            let holds = match (&condition.is, &found) {
                (Expected::Absent, found) => found.is_none(),
                (Expected::Present, found) => found.is_some(),
                (Expected::Value(expected), found) => Some(expected) == found.as_ref(),
            };
            if !holds {
                return Response::ConditionFailed { index, found };
            }
        }
        let mut answers = Vec::new();
        for (operation, index) in operations.iter().zip(0..) {
            match self.one(operation) {
                why @ (Answer::Mismatch(_) | Answer::Invalid(_)) => return Response::Aborted { index, why },
                answer => answers.push(answer),
            }
        }
        Response::Transaction(answers)
    }

    fn one(&mut self, operation: &Operation) -> Answer {
        match operation {
            Operation::Set { key, value } => self.set(key, value, Answer::Ok),
            Operation::Get { key } => self.entries.get(key).cloned().map_or(Answer::NotFound, Answer::Value),
            Operation::Delete { key } => self.entries.remove(key).map_or(Answer::NotFound, Answer::Deleted),
            Operation::Cas { key, expected, value } => {
                let actual = self.entries.get(key).cloned();
                if actual == *expected { self.set(key, value, Answer::Ok) } else { Answer::Mismatch(actual) }
            }
            Operation::Incr { key, by } => {
                let text =
                    self.entries.get(key).map_or(Ok("0".into()), |value| String::from_utf8(value.clone()));
                let Some(number) = text.ok().and_then(|text| text.parse::<i128>().ok()) else {
                    return Answer::Invalid(Invalid::NotANumber);
                };
                match i64::try_from(number + i128::from(*by)) {
                    Ok(sum) => self.set(key, sum.to_string().as_bytes(), Answer::Number(sum)),
                    Err(_) => Answer::Invalid(Invalid::OutOfRange),
                }
            }
            Operation::List { prefix, after, limit } => {
                let is_asked =
                    |key: &Vec<u8>| key.starts_with(prefix) && after.as_ref().is_none_or(|at| key > at);
                let all: Vec<_> = self.entries.clone().into_iter().filter(|(key, _)| is_asked(key)).collect();
                let more = all.len() > *limit as usize;
                Answer::Entries { entries: all.into_iter().take(*limit as usize).collect(), more }
            }
        }
    }

    fn set(&mut self, key: &[u8], value: &[u8], answer: Answer) -> Answer {
        let before = self.entries.insert(key.to_vec(), value.to_vec());
        if self.bytes() <= self.bytes_max {
            return answer;
        }
        match before {
            Some(before) => self.entries.insert(key.to_vec(), before),
            None => self.entries.remove(key),
        };
        Answer::Invalid(Invalid::StoreFull)
    }
}
