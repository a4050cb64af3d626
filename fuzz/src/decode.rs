//! Every decoder of bytes that come over a link or out of a store.

use hotstuff_core::command::{Command, Replies};
use hotstuff_core::crypto::Digest;
use hotstuff_core::link::{ClientFrame, ObserveFrame, PeerFrame, ReplicaFrame};
use hotstuff_core::snapshot::Snapshot;
use hotstuff_core::state_proof::StateProof;
use hotstuff_core::{CommitteeSpec, Event, Evidence, Message, Record, Status, change, wire};
use hotstuff_kv::{NoProof, Proof, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Decodes `bytes` as everything.
pub(super) fn run(bytes: &[u8]) {
    exact::<Message>(bytes);
    exact::<PeerFrame>(bytes);
    exact::<ClientFrame>(bytes);
    exact::<ReplicaFrame>(bytes);
    exact::<ObserveFrame>(bytes);
    exact::<Record>(bytes);
    exact::<Snapshot>(bytes);
    exact::<Command>(bytes);
    exact::<Replies>(bytes);
    exact::<Evidence>(bytes);
    exact::<Event>(bytes);
    exact::<Status>(bytes);
    exact::<CommitteeSpec>(bytes);
    exact::<StateProof>(bytes);
    exact::<Proof>(bytes);
    if let Ok(proof) = wire::decode::<Proof>(bytes) {
        // Whatever it says, it does not lead to a root that was made of nothing.
        assert_eq!(proof.check(b"key", &Digest([7; 32])), Err(NoProof));
    }
    let _ = change::decode_result(bytes);
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(Request::decode(&request.encode()), Ok(request));
    }
    if let Ok(response) = Response::decode(bytes) {
        assert_eq!(Response::decode(&response.encode()), Ok(response));
    }
}

/// What was decoded is encoded in one way, which decodes to the same.
fn exact<T: Serialize + DeserializeOwned + Debug + PartialEq>(bytes: &[u8]) {
    if let Ok(value) = wire::decode::<T>(bytes) {
        let encoded = wire::encode(&value);
        assert!(encoded.len() <= bytes.len(), "the one form is the shortest");
        assert_eq!(wire::decode::<T>(&encoded).as_ref(), Ok(&value));
    }
}
