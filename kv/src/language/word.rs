//! A line's words: bare, quoted, or in hexadecimal.

use alloc::vec::Vec;
use core::fmt;

/// One word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// The bytes that it stands for.
    pub bytes: Vec<u8>,
    /// As it stands in the line, where it is neither quoted nor hexadecimal: only then it can be a keyword.
    pub bare: Option<&'a [u8]>,
    /// Where it begins and ends in the line.
    pub start: usize,
    pub end: usize,
}

/// What stands at one place of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Word(Word<'a>),
    /// `;`, between the parts of a transaction.
    Semicolon(usize),
}

/// Why a line is no request, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at column {column}: {expected}")]
pub struct ParseError {
    /// The character of the line at which it is seen, from 1.
    pub column: usize,
    /// What was expected there.
    pub expected: Expected,
}

/// What a line should have had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The name of a command.
    Command,
    /// A key.
    Key,
    /// A value.
    Value,
    /// `=`, `absent` or `present`.
    Comparison,
    /// A value, or the bare word `absent`.
    ValueOrAbsent,
    /// A number from -2^63 to 2^63 - 1.
    Number,
    /// A number from 0 to 2^32 - 1.
    Limit,
    /// `after` or `limit`.
    ListOption,
    /// Nothing more.
    End,
    /// An operation: conditions stand before all operations.
    Operation,
    /// The quote that ends a word.
    ClosingQuote,
    /// A space after a closing quote.
    Space,
    /// One of the escapes.
    Escape,
    /// Hexadecimal digits, two for each byte.
    Hexadecimal,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Command => "expected set, get, delete, cas, incr, list, or if",
            Self::Key => "expected a key",
            Self::Value => "expected a value",
            Self::Comparison => "expected = and a value, absent, or present",
            Self::ValueOrAbsent => "expected the value that the key must have, or absent",
            Self::Number => "expected a whole number from -2^63 to 2^63-1",
            Self::Limit => "expected a number of entries from 0 to 4294967295",
            Self::ListOption => "expected after KEY or limit N",
            Self::End => "expected nothing more; put quotes around what has spaces",
            Self::Operation => "expected an operation after the conditions, which all stand first",
            Self::ClosingQuote => "expected a closing \"",
            Self::Space => "expected a space after a closing \"",
            Self::Escape => "expected one of the escapes \\\\ \\\" \\n \\r \\t \\0 \\xHH",
            Self::Hexadecimal => "expected hexadecimal digits, two for each byte, after 0x",
        })
    }
}

/// Takes a line apart.
pub(super) fn tokens(line: &[u8]) -> Result<Vec<Token<'_>>, ParseError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b';' => {
                tokens.push(Token::Semicolon(at));
                at += 1;
            }
            _ => {
                let word = if *byte == b'"' { quoted(line, at)? } else { unquoted(line, at)? };
                at = word.end;
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

fn ends_word(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';')
}

fn unquoted(line: &[u8], start: usize) -> Result<Word<'_>, ParseError> {
    let length = line[start..].iter().position(|byte| ends_word(*byte));
    let end = length.map_or(line.len(), |length| start + length);
    let bare = &line[start..end];
    let Some(digits) = bare.strip_prefix(b"0x") else {
        return Ok(Word { bytes: bare.to_vec(), bare: Some(bare), start, end });
    };
    let wrong = |at| ParseError { column: column(line, at), expected: Expected::Hexadecimal };
    if let Some(no_digit) = digits.iter().position(|digit| !digit.is_ascii_hexdigit()) {
        return Err(wrong(start + 2 + no_digit));
    }
    if !digits.len().is_multiple_of(2) {
        return Err(wrong(end));
    }
    let bytes = digits.chunks(2).filter_map(pair_of).collect();
    Ok(Word { bytes, bare: None, start, end })
}

fn quoted(line: &[u8], start: usize) -> Result<Word<'_>, ParseError> {
    let fail = |at, expected| Err(ParseError { column: column(line, at), expected });
    let mut bytes = Vec::new();
    let mut at = start + 1;
    loop {
        match line.get(at..).unwrap_or_default() {
            [] => return fail(line.len(), Expected::ClosingQuote),
            [b'"', rest @ ..] => {
                if rest.first().is_some_and(|next| !ends_word(*next)) {
                    return fail(at + 1, Expected::Space);
                }
                return Ok(Word { bytes, bare: None, start, end: at + 1 });
            }
            [b'\\', rest @ ..] => {
                let Some((byte, length)) = escape(rest) else { return fail(at, Expected::Escape) };
                bytes.push(byte);
                at += 1 + length;
            }
            [byte, ..] => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
}

/// What stands after a backslash, and how many characters that takes.
fn escape(rest: &[u8]) -> Option<(u8, usize)> {
    Some(match rest {
        [b'\\', ..] => (b'\\', 1),
        [b'"', ..] => (b'"', 1),
        [b'n', ..] => (b'\n', 1),
        [b'r', ..] => (b'\r', 1),
        [b't', ..] => (b'\t', 1),
        [b'0', ..] => (0, 1),
        [b'x', high, low, ..] => (pair_of(&[*high, *low])?, 3),
        _ => return None,
    })
}

fn pair_of(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// The character of the line at which a byte stands, from 1; bytes that go on with a character of UTF-8 are part
/// of it.
pub(super) fn column(line: &[u8], at: usize) -> usize {
    line[..at.min(line.len())].iter().filter(|byte| **byte & 0xc0 != 0x80).count() + 1
}
