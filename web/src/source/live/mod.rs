//! A real cluster, seen through its replicas' WebSockets.
//!
//! The page's own origin names the replicas; each one's stream is observed by a task of its own,
//! and commands go to all of them.

mod backoff;
mod client;
mod directory;
mod inbox;
mod observer;
mod socket;

use crate::model::operation::Request;
use crate::source::Source;
use crate::source::report::{Connection, Order, Report};
use backoff::Backoff;
use futures::future::{AbortHandle, abortable};
use gloo_timers::future::TimeoutFuture;
use hotstuff_core::Time;
use inbox::Inbox;
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

/// The wall clock, in microseconds since the Unix epoch.
#[must_use]
pub fn wall_clock() -> Time {
    Time((js_sys::Date::now() * 1_000.0) as u64)
}

/// The live cluster. Its tasks end with it.
pub struct LiveSource {
    inbox: Rc<Inbox>,
    tasks: Rc<Tasks>,
    client: Rc<client::ClientTasks>,
}

/// Tasks that end together.
#[derive(Default)]
struct Tasks(RefCell<Vec<AbortHandle>>);

impl Tasks {
    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let (task, handle) = abortable(task);
        self.0.borrow_mut().push(handle);
        wasm_bindgen_futures::spawn_local(async move {
            // Aborted: nobody waits for it any more.
            let _ = task.await;
        });
    }
}

impl Drop for LiveSource {
    fn drop(&mut self) {
        self.tasks.0.borrow().iter().for_each(AbortHandle::abort);
    }
}

impl LiveSource {
    /// Begins to look for the cluster that serves this page.
    #[must_use]
    pub fn connect() -> Self {
        let (inbox, tasks) = (Rc::new(Inbox::default()), Rc::new(Tasks::default()));
        let client = client::ClientTasks::new(inbox.clone(), tasks.clone());
        inbox.push(Report::Connection(Connection::Connecting));
        tasks.spawn(find(inbox.clone(), Rc::downgrade(&tasks), client.clone()));
        Self { inbox, tasks, client }
    }
}

/// Asks for the replicas until an answer comes, then observes them all.
async fn find(inbox: Rc<Inbox>, tasks: std::rc::Weak<Tasks>, client: Rc<client::ClientTasks>) {
    let mut backoff = Backoff::default();
    let peers = loop {
        match directory::load().await {
            Ok(peers) => break peers,
            Err(why) => {
                inbox.push(Report::Connection(Connection::Unreachable { why }));
                TimeoutFuture::new(backoff.next_ms()).await;
            }
        }
    };
    let Some(tasks) = tasks.upgrade() else { return };
    inbox.expect(peers.iter().map(|peer| peer.id));
    client.meet(&peers);
    for peer in peers {
        tasks.spawn(observer::observe(peer, inbox.clone()));
    }
}

impl Source for LiveSource {
    fn send(&mut self, order: Order) {
        let Order::Submit(operation, text) = order else { return };
        match self.inbox.committee() {
            Some(committee) => self.client.submit(committee, &operation, text),
            None => {
                let why = "no replica has been reached yet".into();
                self.inbox.push(Report::Requested(Request::Failed { why }));
            }
        }
    }

    fn reports(&mut self) -> Vec<Report> {
        self.inbox.take()
    }
}
