//! Clients at work, none of whose commands may fail.

use crate::support::{BOUND, until};
use hotstuff_core::command::Outcome;
use hotstuff_kv::{Answer, Operation, Response};
use hotstuff_replica::client::ClientDriver;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::task::JoinSet;

/// Clients that set keys, one after the other each, until they are told to end.
pub struct Load {
    done: Arc<AtomicU64>,
    end: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

impl Load {
    /// Eight of them.
    pub fn start(client: &ClientDriver) -> Self {
        let (done, end) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let mut tasks = JoinSet::new();
        for worker in 0..8 {
            let (client, done, end) = (client.clone(), Arc::clone(&done), Arc::clone(&end));
            tasks.spawn(async move {
                for number in 0.. {
                    if end.load(Ordering::Relaxed) {
                        break;
                    }
                    let operation = Operation::Set {
                        key: format!("k{worker}").into(),
                        value: format!("{number}").into(),
                    };
                    let outcome = client.submit(operation.encode()).await.expect("no command fails").outcome;
                    let Outcome::Executed { result, .. } = outcome else { panic!("{outcome:?}") };
                    assert_eq!(Response::decode(&result), Ok(Answer::Ok.into()));
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Self { done, end, tasks }
    }

    /// Waits until so many more commands are through.
    pub async fn more(&self, count: u64) {
        let target = self.done.load(Ordering::Relaxed) + count;
        let reached = async || (self.done.load(Ordering::Relaxed) >= target).then_some(());
        until(&format!("{count} more commands are through"), reached).await;
    }

    /// Waits until all commands that were begun are through.
    pub async fn end(self) {
        self.end.store(true, Ordering::Relaxed);
        tokio::time::timeout(BOUND, self.tasks.join_all()).await.expect("all commands end");
    }
}
