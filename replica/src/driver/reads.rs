//! Readers who want proof of what the state says of a key. What is true after the committed head is proven
//! by a header that comes later, so a reader waits for that: under load for a block or two, in an idle
//! cluster for a heartbeat.

use hotstuff_core::Height;
use hotstuff_core::replica::{Certified, Replica};
use hotstuff_core::state_proof::{StateProof, StateRoots};
use hotstuff_kv::{KvStore, Proof};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// Most readers waiting.
pub const READERS: usize = 64;

/// A key's value, or that it has none, with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenRead {
    /// What the application's root says of the key.
    pub key: Proof,
    /// What a quorum says of the application's root.
    pub state: StateProof,
}

/// Why there is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// As many readers wait as may.
    #[error("too many readers are waiting: try again later")]
    Busy,
}

/// What a reader is told.
pub type Read = Result<ProvenRead, NotProven>;

/// Readers whose proofs are not complete yet.
#[derive(Default)]
pub(super) struct Reads(Vec<Waiting>);

struct Waiting {
    name: Vec<u8>,
    key: Proof,
    roots: StateRoots,
    state_of: Height,
    answer: oneshot::Sender<Read>,
}

impl Reads {
    /// Takes down what the state says of a key now, to be told when it can be proven.
    pub(super) fn ask(
        &mut self,
        replica: &mut Replica<KvStore>,
        name: Vec<u8>,
        answer: oneshot::Sender<Read>,
    ) {
        self.0.retain(|waiting| !waiting.answer.is_closed());
        if self.0.len() >= READERS {
            // Whoever asked may be gone already.
            return drop(answer.send(Err(NotProven::Busy)));
        }
        let key = replica.app().prove(&name);
        let (roots, state_of) = (replica.state_roots(), replica.status().committed_head.height);
        self.0.push(Waiting { name, key, roots, state_of, answer });
    }

    /// Tells those who can be told by now. To be called when outputs were performed.
    pub(super) fn settle(&mut self, replica: &mut Replica<KvStore>) {
        if self.0.is_empty() {
            return;
        }
        let Some(certified) = replica.certified() else { return };
        for waiting in std::mem::take(&mut self.0) {
            if waiting.state_of > certified.state_of {
                self.0.push(waiting);
            } else if waiting.roots.root() == certified.header.state_root {
                waiting.tell(&certified);
            } else {
                // Blocks were committed several at once, and no header names the state in between.
                self.ask(replica, waiting.name, waiting.answer);
            }
        }
    }
}

impl Waiting {
    fn tell(self, certified: &Certified) {
        let Certified { header, certificate, .. } = certified.clone();
        let state = StateProof { header, certificate, roots: self.roots };
        let _ = self.answer.send(Ok(ProvenRead { key: self.key, state }));
    }
}
