//! Bytes, requests and responses in a form that can be read again.

use crate::answer::{Answer, Response};
use crate::operation::Operation;
use crate::request::{Condition, Expected, Request};
use core::fmt::{self, Display as _, Write as _};

/// Words that mean something where they are neither quoted nor hexadecimal.
const KEYWORDS: [&[u8]; 5] = [b"absent", b"present", b"after", b"limit", b"="];

/// Bytes as a line of the language has them, always as one word: bare where that can be, quoted where they are text,
/// and in hexadecimal where they are not.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a>(pub &'a [u8]);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0;
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:@+=%,".contains(byte);
        let is_bare = bytes.iter().all(is_plain) && !bytes.is_empty();
        match core::str::from_utf8(bytes) {
            Ok(text) if is_bare && !KEYWORDS.contains(&bytes) && !bytes.starts_with(b"0x") => {
                f.write_str(text)
            }
            Ok(text) if text.chars().all(|letter| !letter.is_control() || "\n\r\t".contains(letter)) => {
                quote(f, text)
            }
            _ => {
                f.write_str("0x")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\""),
            '\\' => f.write_str("\\\\"),
            '\n' => f.write_str("\\n"),
            '\r' => f.write_str("\\r"),
            '\t' => f.write_str("\\t"),
            other => f.write_char(other),
        }?;
    }
    f.write_char('"')
}

/// A request as a line of the language. A transaction of one operation, without conditions, is written as that operation;
/// one of nothing at all is an empty line, which is no request.
#[derive(Clone, Copy, Debug)]
pub struct WrittenRequest<'a>(pub &'a Request);

impl fmt::Display for WrittenRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (conditions, operations) = (self.0.conditions(), self.0.operations());
        let mut between = "";
        for Condition { key, is } in conditions {
            write!(f, "{between}if {}", Written(key))?;
            between = "; ";
            match is {
                Expected::Absent => f.write_str(" absent")?,
                Expected::Present => f.write_str(" present")?,
                Expected::Value(value) => write!(f, " = {}", Written(value))?,
            }
        }
        for operation in operations {
            f.write_str(between)?;
            between = "; ";
            write_operation(f, operation)?;
        }
        Ok(())
    }
}

fn write_operation(f: &mut fmt::Formatter<'_>, operation: &Operation) -> fmt::Result {
    match operation {
        Operation::Set { key, value } => write!(f, "set {} {}", Written(key), Written(value)),
        Operation::Get { key } => write!(f, "get {}", Written(key)),
        Operation::Delete { key } => write!(f, "delete {}", Written(key)),
        Operation::Cas { key, expected: None, value } => {
            write!(f, "cas {} absent {}", Written(key), Written(value))
        }
        Operation::Cas { key, expected: Some(expected), value } => {
            write!(f, "cas {} {} {}", Written(key), Written(expected), Written(value))
        }
        Operation::Incr { key, by } => write!(f, "incr {} {by}", Written(key)),
        Operation::List { prefix, after, limit } => {
            write!(f, "list {}", Written(prefix))?;
            after.iter().try_for_each(|after| write!(f, " after {}", Written(after)))?;
            write!(f, " limit {limit}")
        }
    }
}

/// What the store says, on one line, with keys and values as the language writes them.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a>(pub &'a Response);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Response::One(answer) => say(f, answer),
            Response::Transaction(answers) => {
                f.write_str("done")?;
                answers.iter().enumerate().try_for_each(|(position, answer)| {
                    f.write_str(if position == 0 { ": " } else { "; " })?;
                    say(f, answer)
                })
            }
            Response::ConditionFailed { index, found } => {
                write!(f, "nothing done: condition {} does not hold: ", u64::from(*index) + 1)?;
                say_found(f, found.as_deref())
            }
            Response::Aborted { index, why } => {
                write!(f, "nothing done: operation {}: ", u64::from(*index) + 1)?;
                say(f, why)
            }
            Response::Invalid(why) => write!(f, "error: {why}"),
        }
    }
}

fn say(f: &mut fmt::Formatter<'_>, answer: &Answer) -> fmt::Result {
    match answer {
        Answer::Ok => f.write_str("OK"),
        Answer::Value(value) | Answer::Deleted(value) => Written(value).fmt(f),
        Answer::NotFound => f.write_str("Key not found"),
        Answer::Mismatch(actual) => {
            f.write_str("not as expected: ")?;
            say_found(f, actual.as_deref())
        }
        Answer::Number(number) => number.fmt(f),
        Answer::Entries { entries, more } => {
            if entries.is_empty() && !more {
                return f.write_str("no keys");
            }
            for (position, (key, value)) in entries.iter().enumerate() {
                let between = if position == 0 { "" } else { ", " };
                write!(f, "{between}{} = {}", Written(key), Written(value))?;
            }
            f.write_str(match (entries.is_empty(), more) {
                (_, false) => "",
                (true, true) => "more",
                (false, true) => ", and more",
            })
        }
        Answer::Invalid(why) => write!(f, "error: {why}"),
    }
}

fn say_found(f: &mut fmt::Formatter<'_>, found: Option<&[u8]>) -> fmt::Result {
    match found {
        Some(value) => write!(f, "the value is {}", Written(value)),
        None => f.write_str("there is no value"),
    }
}
