//! The clients that a load is sent by: one for each key.

use super::target::Clients;
use crate::client::connection::ClusterArguments;
use crate::client::exit::Exit;
use crate::client::transport::Transport;
use crate::client::{ClientDriver, told};
use crate::config::{CommitteeFile, ConfigError, load_key};
use hotstuff_core::crypto::SecretKey;
use hotstuff_kv::{Operation, Request};
use std::collections::BTreeSet;
use std::path::PathBuf;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

/// Why there are no clients.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{}: its key is that of another file: replicas would take the commands of one for old ones of the other",
            .0.display())]
    Twice(PathBuf),
}

/// The keys in `files`.
pub(super) fn load(files: &[PathBuf]) -> Result<Vec<SecretKey>, KeyError> {
    let mut seen = BTreeSet::new();
    let load = |path: &PathBuf| {
        let key = load_key(path)?;
        if seen.insert(key.public()) { Ok(key) } else { Err(KeyError::Twice(path.clone())) }
    };
    files.iter().map(load).collect()
}

/// So many keys that nobody has used. Replicas admit any.
pub(super) fn fresh(count: u32) -> Result<Vec<SecretKey>, KeyError> {
    let fresh = |_| {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(ConfigError::Random)?;
        Ok(SecretKey::from_seed(*seed))
    };
    (0..count).map(fresh).collect()
}

/// A client for each key, each with a link to every replica.
pub(super) fn open(
    keys: Vec<SecretKey>,
    arguments: &ClusterArguments,
    file: &CommitteeFile,
    transport: &Transport,
) -> Clients {
    let in_flight = file.current.limits().session_replies;
    Clients(keys.into_iter().map(|key| arguments.start(file, transport, key, in_flight)).collect())
}

impl Clients {
    /// Has each client read a key, so that all are connected and known to answer before anything is measured.
    ///
    /// # Errors
    /// Why one got no answer, and the exit code that tells of it.
    pub(super) async fn are_answered(&self) -> Result<(), (Exit, String)> {
        let mut asked = JoinSet::new();
        for (number, client) in self.0.iter().cloned().enumerate() {
            asked.spawn(async move {
                let request = Request::One(Operation::Get { key: b"load/k0".to_vec() });
                let told = told::ask(&client, request).await;
                match told.failure() {
                    Some(error) => Err((error.exit(), format!("connection {number}: {error}"))),
                    None => Ok(()),
                }
            });
        }
        asked.join_all().await.into_iter().collect()
    }

    /// Waits until the links are closed.
    pub(super) async fn close(self) {
        let clients: Vec<ClientDriver> = self.0.to_vec();
        drop(self);
        let mut closing: JoinSet<()> = clients.into_iter().map(ClientDriver::close).collect();
        while closing.join_next().await.is_some() {}
    }
}
