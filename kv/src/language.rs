//! Requests as people write them, one a line, and bytes as they can be written again.
//!
//! `docs/client.md` tells the language. Both ways are here, for programs and for the page: [`parse`] reads a line,
//! and [`Written`] shows bytes in a form that it reads as the same bytes.

mod parser;
mod word;
mod written;

pub use parser::{LIST_LIMIT, parse};
pub use word::{Expected, ParseError};
pub use written::{Said, Written, WrittenRequest};
