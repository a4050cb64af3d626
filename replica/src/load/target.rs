//! What a load is sent to.

use super::outcome::{Ended, Failure};
use crate::client::exit::Exit;
use crate::client::{ClientDriver, told};
use hotstuff_kv::Request;
use std::future::Future;
use std::sync::Arc;

/// Takes requests, and says how each ended.
pub(super) trait Target: Clone + Send + Sync + 'static {
    /// Has a request carried out over a connection, which are counted from 0.
    fn ask(&self, connection: usize, request: Request) -> impl Future<Output = Ended> + Send;
}

/// A client for each connection.
#[derive(Clone)]
pub(super) struct Clients(pub(super) Arc<[ClientDriver]>);

impl Target for Clients {
    async fn ask(&self, connection: usize, request: Request) -> Ended {
        let told = told::ask(&self.0[connection % self.0.len()], request).await;
        match told.failure() {
            Some(error) => Ended::Failed(Failure::of(error), error.to_string()),
            // What the store refuses is answered by the cluster, but is nothing that a load should be made of.
            None if told.exit() == Exit::Error => Ended::Failed(Failure::Refused, told.line()),
            None => Ended::Done,
        }
    }
}
