//! From words to a request.

use super::word::{Expected, ParseError, Token, Word, column, tokens};
use crate::operation::Operation;
use crate::request::{Condition, Expected as Is, Request};
use alloc::vec::Vec;
use core::iter::Peekable;
use core::slice::Iter;

/// How many entries `list` asks for where the line does not say.
pub const LIST_LIMIT: u32 = 100;

/// The request that a line says: one operation, or parts with `;` between them, which are a transaction: first its
/// conditions (`if KEY = VALUE`, `if KEY absent`, `if KEY present`), then its operations. Lengths are not checked:
/// [`Request::check`] does.
///
/// # Errors
/// Where the line does not keep to the language, and what was expected there.
pub fn parse(line: &[u8]) -> Result<Request, ParseError> {
    let tokens = tokens(line)?;
    let mut parts = Vec::new();
    let mut words = Vec::new();
    for token in tokens {
        match token {
            Token::Word(word) => words.push(word),
            Token::Semicolon(at) => parts.push((core::mem::take(&mut words), at)),
        }
    }
    // A `;` may stand at the end as well.
    if !words.is_empty() || parts.is_empty() {
        parts.push((words, line.len()));
    }
    let (mut conditions, mut operations) = (Vec::new(), Vec::new());
    for (words, end) in &parts {
        let mut part = Part { line, words: words.iter().peekable(), end: *end };
        if part.takes(b"if") {
            if !operations.is_empty() {
                let at = words[0].start;
                return Err(ParseError { column: column(line, at), expected: Expected::Operation });
            }
            conditions.push(part.condition()?);
        } else {
            operations.push(part.operation()?);
        }
    }
    if parts.len() == 1 && conditions.is_empty() {
        return Ok(Request::One(operations.remove(0)));
    }
    Ok(Request::Transaction { conditions, operations })
}

/// The words up to a `;` or the end.
struct Part<'a> {
    line: &'a [u8],
    words: Peekable<Iter<'a, Word<'a>>>,
    end: usize,
}

impl<'a> Part<'a> {
    fn condition(mut self) -> Result<Condition, ParseError> {
        let key = self.word(Expected::Key)?;
        let is = if self.takes(b"absent") {
            Is::Absent
        } else if self.takes(b"present") {
            Is::Present
        } else if self.takes(b"=") {
            Is::Value(self.word(Expected::Value)?)
        } else {
            return Err(self.fails(Expected::Comparison));
        };
        self.ends()?;
        Ok(Condition { key, is })
    }

    fn operation(mut self) -> Result<Operation, ParseError> {
        let operation = if self.takes(b"set") {
            let key = self.word(Expected::Key)?;
            Operation::Set { key, value: self.rest()? }
        } else if self.takes(b"get") {
            Operation::Get { key: self.word(Expected::Key)? }
        } else if self.takes(b"delete") {
            Operation::Delete { key: self.word(Expected::Key)? }
        } else if self.takes(b"cas") {
            let key = self.word(Expected::Key)?;
            let expected =
                if self.takes(b"absent") { None } else { Some(self.word(Expected::ValueOrAbsent)?) };
            Operation::Cas { key, expected, value: self.rest()? }
        } else if self.takes(b"incr") {
            let key = self.word(Expected::Key)?;
            let by = if self.words.peek().is_some() { self.number(Expected::Number)? } else { 1 };
            Operation::Incr { key, by }
        } else if self.takes(b"list") {
            self.list()?
        } else {
            return Err(self.fails(Expected::Command));
        };
        self.ends()?;
        Ok(operation)
    }

    fn list(&mut self) -> Result<Operation, ParseError> {
        let is_option = |word: &Word<'_>| word.bare.is_some_and(|bare| bare == b"after" || bare == b"limit");
        let has_prefix = self.words.peek().is_some_and(|word| !is_option(word));
        let prefix = if has_prefix { self.word(Expected::Key)? } else { Vec::new() };
        let (mut after, mut limit) = (None, LIST_LIMIT);
        while self.words.peek().is_some() {
            if self.takes(b"after") {
                after = Some(self.word(Expected::Key)?);
            } else if self.takes(b"limit") {
                limit = self.number(Expected::Limit)?;
            } else {
                return Err(self.fails(Expected::ListOption));
            }
        }
        Ok(Operation::List { prefix, after, limit })
    }

    /// Whether the next word is this keyword, which is then taken.
    fn takes(&mut self, keyword: &[u8]) -> bool {
        self.words.next_if(|word| word.bare == Some(keyword)).is_some()
    }

    fn word(&mut self, expected: Expected) -> Result<Vec<u8>, ParseError> {
        let word = self.words.next().ok_or_else(|| self.fails(expected))?;
        Ok(word.bytes.clone())
    }

    /// A value at the end: one word, or all of the text where none of its words is quoted or hexadecimal.
    fn rest(&mut self) -> Result<Vec<u8>, ParseError> {
        let first = self.words.next().ok_or_else(|| self.fails(Expected::Value))?;
        if first.bare.is_none() {
            return Ok(first.bytes.clone());
        }
        let mut end = first.end;
        while let Some(word) = self.words.next_if(|word| word.bare.is_some()) {
            end = word.end;
        }
        Ok(self.line[first.start..end].to_vec())
    }

    fn number<T: core::str::FromStr>(&mut self, expected: Expected) -> Result<T, ParseError> {
        let error = self.fails(expected);
        let digits = self.words.next().and_then(|word| core::str::from_utf8(word.bare?).ok());
        digits.and_then(|digits| digits.parse().ok()).ok_or(error)
    }

    fn ends(mut self) -> Result<(), ParseError> {
        if self.words.peek().is_some() { Err(self.fails(Expected::End)) } else { Ok(()) }
    }

    /// That something else was expected where the next word stands.
    fn fails(&mut self, expected: Expected) -> ParseError {
        let at = self.words.peek().map_or(self.end, |word| word.start);
        ParseError { column: column(self.line, at), expected }
    }
}
