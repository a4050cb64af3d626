//! Runs as text, for links and files: postcard, deflated, in base64url.

use crate::explore::Plan;
use crate::intervention::Intervened;
use data_encoding::BASE64URL_NOPAD;
use hotstuff_core::wire::{self, DecodeError};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Most bytes of what is coded, before they are deflated.
const BYTES_MAX: usize = 1 << 20;
/// The best that deflating does.
const LEVEL: u8 = 10;

/// Why a text is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Not base64url.
    #[error("it is not base64url: {0}")]
    Text(#[from] data_encoding::DecodeError),
    /// Not deflated, or more than a run can be.
    #[error("what it holds cannot be unpacked")]
    Packed,
    /// Nothing of this version.
    #[error("what it holds is no run of this version: {0}")]
    Content(#[from] DecodeError),
}

impl Plan {
    /// The plan as a text of letters, digits, `-` and `_`.
    #[must_use]
    pub fn to_code(&self) -> String {
        encode(self)
    }

    /// The plan of a text.
    ///
    /// # Errors
    /// When the text is none of a plan's.
    pub fn from_code(code: &str) -> Result<Self, CodeError> {
        decode(code)
    }
}

impl Intervened {
    /// What was done to a run as a text of letters, digits, `-` and `_`.
    #[must_use]
    pub fn to_code(all: &[Self]) -> String {
        encode(&all)
    }

    /// What a text says was done.
    ///
    /// # Errors
    /// When the text is none of such.
    pub fn from_code(code: &str) -> Result<Vec<Self>, CodeError> {
        decode(code)
    }
}

fn encode(what: &impl Serialize) -> String {
    BASE64URL_NOPAD.encode(&compress_to_vec(&wire::encode(what), LEVEL))
}

fn decode<T: DeserializeOwned>(code: &str) -> Result<T, CodeError> {
    let packed = BASE64URL_NOPAD.decode(code.as_bytes())?;
    let bytes = decompress_to_vec_with_limit(&packed, BYTES_MAX).map_err(|_| CodeError::Packed)?;
    Ok(wire::decode(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Space;

    #[test]
    fn a_plan_reads_back_from_its_code() {
        for seed in 0..50 {
            let plan = Space::default().plan(seed);
            let code = plan.to_code();
            assert_eq!(Plan::from_code(&code), Ok(plan));
            assert!(code.len() < 4_000, "{} characters", code.len());
        }
    }

    #[test]
    fn texts_that_are_none_are_refused() {
        let code = Space::default().plan(1).to_code();
        assert!(matches!(Plan::from_code("not base64!"), Err(CodeError::Text(_))));
        assert_eq!(Plan::from_code("AAAA"), Err(CodeError::Packed));
        assert!(Plan::from_code(&code[..code.len() / 2]).is_err());
        let bomb = BASE64URL_NOPAD.encode(&compress_to_vec(&vec![0; 2 * BYTES_MAX], LEVEL));
        assert_eq!(Plan::from_code(&bomb), Err(CodeError::Packed));
        let other = BASE64URL_NOPAD.encode(&compress_to_vec(b"something else", LEVEL));
        assert!(matches!(Plan::from_code(&other), Err(CodeError::Content(_))));
    }
}
