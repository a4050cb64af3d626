//! `/read?key=HEX`: what the state says of a key, with the proof, for readers who ask one replica and
//! trust the committee. The bytes are a [`ProvenRead`](crate::driver::ProvenRead), as links encode.

use crate::context::Context;
use crate::driver::NotProven;
use crate::fault::Fault;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER_PERMISSIVE;
use hotstuff_core::wire;
use hotstuff_kv::KEY_BYTES_MAX;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a proof may take to be complete: a few heartbeats.
const PROOF_PATIENCE: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
pub(super) struct Asked {
    /// The key in hexadecimal.
    key: String,
}

pub(super) async fn read(
    State(context): State<Arc<Context>>,
    headers: HeaderMap,
    Query(Asked { key }): Query<Asked>,
) -> Response {
    if let Err(refused) = context.origins.check(&headers) {
        context.refused.origins.fetch_add(1, Ordering::Relaxed);
        return refused.into_response();
    }
    let key = match HEXLOWER_PERMISSIVE.decode(key.as_bytes()) {
        Ok(key) if (1..=KEY_BYTES_MAX).contains(&key.len()) => key,
        _ => {
            return (StatusCode::BAD_REQUEST, "the key is no hexadecimal of the right length\n")
                .into_response();
        }
    };
    let unavailable =
        |why: &dyn std::fmt::Display| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response();
    let mut stop = context.stop.clone();
    let reading = tokio::select! {
        () = stop.stopped() => return unavailable(&Fault::ShuttingDown),
        reading = tokio::time::timeout(PROOF_PATIENCE, context.inlet.read(key)) => reading,
    };
    match reading {
        Ok(Ok(Ok(read))) => context.origins.share(&headers, wire::encode(&read).into_response()),
        Ok(Ok(Err(why @ NotProven::Busy))) => unavailable(&why),
        Ok(Err(ended)) => unavailable(&ended),
        Err(_) => unavailable(&"no block was certified that proves it"),
    }
}
