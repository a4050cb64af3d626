//! Why a replica closes a connection, as its close frame says it.

use hotstuff_core::command::NotAdmitted;
use hotstuff_core::wire::DecodeError;
use hotstuff_core::{Refusal, ReplicaId};
use tokio_tungstenite::tungstenite::{self, protocol::frame::coding::CloseCode};

/// The most bytes that the reason in a close frame may have (RFC 6455, section 5.5).
const REASON_BYTES_MAX: usize = 123;

/// Why a replica closes a connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A text frame.
    #[error("a text frame: only binary frames are understood")]
    Text,
    /// A frame that the endpoint's frames are not encoded like.
    #[error("a frame that cannot be read: {0}")]
    Malformed(DecodeError),
    /// A frame or message above the endpoint's limit.
    #[error("a frame of more than {0} bytes")]
    TooLarge(usize),
    /// The bytes are no WebSocket traffic.
    #[error("not the WebSocket protocol: {0}")]
    Protocol(String),
    /// A readable frame that this end must not be sent, or not now.
    #[error("a {0} frame, which does not belong here")]
    Misplaced(&'static str),
    /// A frame to an endpoint that only tells.
    #[error("this endpoint only tells: nothing may be sent to it")]
    Unasked,
    /// A peer's message that does not pass verification.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// A peer's proof of who it is that does not pass verification.
    #[error("refused: {0}")]
    BadProof(Refusal),
    /// The bytes are no TLS.
    #[error("peer links are encrypted, and this is not TLS")]
    NotTls,
    /// TLS, but not as replicas speak it.
    #[error("no TLS handshake: {0}")]
    Tls(String),
    /// The other end's links are of another cluster, or of no cluster at all.
    #[error("of another cluster")]
    OtherCluster,
    /// The other end shows no key, or one that it may not have here.
    #[error("a key that does not belong here")]
    Stranger,
    /// The other end does not hold the key that it shows, or not the keys of the session.
    #[error("a key that is not held")]
    NotHeld,
    /// The other end holds the key of one member and claims to be another.
    #[error("the session is under another key than that of {0}")]
    WrongIdentity(ReplicaId),
    /// A client's command that does not pass verification.
    #[error("command refused: {0}")]
    NotAdmitted(NotAdmitted),
    /// The replica that dials is the one that accepts.
    #[error("{0} is this replica itself")]
    Itself(ReplicaId),
    /// More client keys on one connection than are followed.
    #[error("too many different clients on one connection")]
    ManyClients,
    /// More frames than the rate allows, by far.
    #[error("far more than {0} commands per second")]
    TooFast(u32),
    /// The first frames did not come in time.
    #[error("the handshake took too long")]
    HandshakeTimeout,
    /// Nothing was heard for too long.
    #[error("nothing was heard for too long")]
    Silent,
    /// The other end does not read what it is sent.
    #[error("too slow: what was to be told piled up")]
    Slow,
    /// The same peer has connected anew.
    #[error("replaced by a newer connection")]
    Replaced,
    /// The other end is no member of the committee any more, nor is it to be one.
    #[error("not in the committee any more")]
    Left,
    /// The replica ends.
    #[error("the replica is shutting down")]
    ShuttingDown,
}

/// Why a connection is over.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// This end closes it.
    Ours(Fault),
    /// The other end closed it, or the network did; with what is known about why.
    Theirs(String),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Self::Ours(fault)
    }
}

impl Fault {
    /// The code of the close frame (RFC 6455, section 7.4.1).
    #[must_use]
    pub fn code(&self) -> u16 {
        let code = match self {
            Self::Text => CloseCode::Unsupported,
            Self::Malformed(_) => CloseCode::Invalid,
            Self::TooLarge(_) => CloseCode::Size,
            Self::Protocol(_) => CloseCode::Protocol,
            Self::Slow | Self::TooFast(_) => CloseCode::Again,
            Self::Replaced | Self::ShuttingDown => CloseCode::Away,
            _ => CloseCode::Policy,
        };
        code.into()
    }

    /// The reason in the close frame, cut where it would be too long for one.
    #[must_use]
    pub fn reason(&self) -> String {
        let mut reason = self.to_string();
        reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
        reason
    }

    /// Whether the other end broke a rule, as opposed to being slow, silent or one too many.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Self::HandshakeTimeout
                | Self::Silent
                | Self::Slow
                | Self::Replaced
                | Self::Left
                | Self::ShuttingDown
        )
    }
}

impl Ended {
    /// What an error while reading means; frames of more than `limit` bytes were refused.
    #[must_use]
    pub fn reading(error: &tungstenite::Error, limit: usize) -> Self {
        match error {
            tungstenite::Error::Capacity(_) => Fault::TooLarge(limit).into(),
            tungstenite::Error::Utf8(_) => Fault::Text.into(),
            tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Theirs("closed without a word".into())
            }
            tungstenite::Error::Protocol(why) => Fault::Protocol(why.to_string()).into(),
            other => Self::Theirs(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::View;

    #[test]
    fn reasons_fit_into_close_frames() {
        let long = Fault::Refused(Refusal::Malformed("ü".repeat(200)));
        assert!(long.to_string().len() > REASON_BYTES_MAX);
        assert!(long.reason().len() <= REASON_BYTES_MAX);
        assert!(long.to_string().starts_with(&long.reason()));
        let short = Fault::Refused(Refusal::BadCertificate(View(3)));
        assert_eq!(short.reason(), short.to_string());
    }
}
