//! Into which parts a history falls that have no key in common, so that each can be judged by itself.

use crate::history::Call;
use hotstuff_kv::{Answer, Operation, Response};
use std::collections::BTreeMap;

/// Commands about some keys, and all commands about these.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The keys, in order. There are none where all that a command asks for is a list that found nothing, or
    /// what the store does not do.
    pub(super) keys: Vec<&'a [u8]>,
    pub(super) calls: Vec<&'a Call>,
}

/// The parts of a history, by their first keys. A transaction joins the keys that it is about; a list joins all
/// that begin with its prefix.
pub(super) fn parts(calls: &[Call]) -> Vec<Part<'_>> {
    let named: Vec<Vec<&[u8]>> = calls.iter().map(keys).collect();
    let mut forest: Forest<'_> = named.iter().flatten().map(|key| (*key, *key)).collect();
    let firsts: Vec<Option<&[u8]>> =
        calls.iter().zip(&named).map(|(call, named)| join(&mut forest, call, named)).collect();
    let mut parts: BTreeMap<&[u8], Part<'_>> = BTreeMap::new();
    let all: Vec<&[u8]> = forest.keys().copied().collect();
    for key in all {
        let part = parts.entry(top(&forest, key)).or_insert(Part { keys: Vec::new(), calls: Vec::new() });
        part.keys.push(key);
    }
    let mut alone = Vec::new();
    for (call, first) in calls.iter().zip(firsts) {
        match first {
            Some(first) => parts.get_mut(top(&forest, first)).expect("each key has a part").calls.push(call),
            None => alone.push(Part { keys: Vec::new(), calls: vec![call] }),
        }
    }
    parts.into_values().chain(alone).collect()
}

/// Each key points to a lower one that it is joined with, the lowest to itself.
type Forest<'a> = BTreeMap<&'a [u8], &'a [u8]>;

fn top<'a>(forest: &Forest<'a>, mut key: &'a [u8]) -> &'a [u8] {
    while forest[key] != key {
        key = forest[key];
    }
    key
}

/// Joins what a command is about, and returns one of these keys.
fn join<'a>(forest: &mut Forest<'a>, call: &'a Call, named: &[&'a [u8]]) -> Option<&'a [u8]> {
    if call.request.check().is_err() {
        return None;
    }
    let mut about: Vec<&[u8]> = named.to_vec();
    for operation in call.request.operations() {
        if let Operation::List { prefix, .. } = operation {
            about.extend(
                forest.range(&prefix[..]..).map(|(key, _)| *key).take_while(|key| key.starts_with(prefix)),
            );
        }
    }
    let lowest = about.iter().map(|key| top(forest, key)).min()?;
    for key in about {
        let top = top(forest, key);
        forest.insert(top, lowest);
        forest.insert(key, lowest);
    }
    Some(lowest)
}

/// The keys that a command names, and those that its answer does. One that the store does not do is about none.
fn keys(call: &Call) -> Vec<&[u8]> {
    if call.request.check().is_err() {
        return Vec::new();
    }
    let conditions = call.request.conditions().iter().map(|condition| &condition.key[..]);
    let operations = call.request.operations().iter().filter_map(Operation::key);
    let answers = match &call.returned {
        Some((_, Response::One(answer))) => core::slice::from_ref(answer),
        Some((_, Response::Transaction(answers))) => answers,
        _ => &[],
    };
    let listed = answers.iter().filter_map(|answer| match answer {
        Answer::Entries { entries, .. } => Some(entries),
        _ => None,
    });
    conditions.chain(operations).chain(listed.flatten().map(|(key, _)| &key[..])).collect()
}
