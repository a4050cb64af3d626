//! `/committee`: who the replicas are and where they are found, as JSON. The page begins here.

use crate::config::hex;
use crate::context::Context;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use hotstuff_core::committee::Member;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct CommitteeBody {
    /// The cluster's id in hexadecimal.
    cluster: String,
    /// The id of the genesis block, which the whole committee decides.
    genesis: String,
    /// The replica that answers.
    id: u16,
    /// How often the committee had changed.
    epoch: u64,
    /// Those whose address this replica has been told.
    members: Vec<MemberBody>,
}

#[derive(Serialize)]
struct MemberBody {
    id: u16,
    /// The public key in hexadecimal.
    key: String,
    power: u64,
    /// `host:port` of its public port.
    http: String,
}

pub(super) async fn committee(State(context): State<Arc<Context>>, headers: HeaderMap) -> Response {
    let newest = Arc::clone(context.committees.borrow().newest());
    let roster = Arc::clone(&context.roster.borrow());
    let spec = newest.spec();
    let member = |member: &Member| {
        let http = roster.addresses(member.id)?.http.to_string();
        Some(MemberBody { id: member.id.0, key: format!("{:#}", member.key), power: member.power.0, http })
    };
    let body = CommitteeBody {
        cluster: hex::encode(&spec.cluster.0),
        genesis: format!("{:#}", context.committee.genesis_qc().block.id),
        id: context.id.0,
        epoch: newest.epoch().0,
        members: spec.members.iter().filter_map(member).collect(),
    };
    context.origins.share(&headers, Json(body).into_response())
}
