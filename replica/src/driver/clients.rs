//! Which connection a client's replies go to: every one on which a command of the client came.

use axum::body::Bytes;
use hotstuff_core::command::{ClientId, NotAdmitted, Outcome, Replies};
use hotstuff_core::link::ReplicaFrame;
use hotstuff_core::wire;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// All connected clients. Shared by their connections and the driver.
#[derive(Debug, Default)]
pub struct Clients(Mutex<Registry>);

#[derive(Debug, Default)]
struct Registry {
    next: u64,
    connections: BTreeMap<u64, Outlet>,
    by_client: BTreeMap<ClientId, BTreeSet<u64>>,
}

#[derive(Debug)]
struct Outlet {
    replies: mpsc::Sender<QueuedReplies>,
    room: Arc<Semaphore>,
    clients: BTreeSet<ClientId>,
    clients_max: usize,
}

/// Encoded replies that wait to be written, with their share of the connection's bytes.
#[derive(Debug)]
pub struct QueuedReplies {
    /// The encoded replies.
    pub frame: Bytes,
    _room: OwnedSemaphorePermit,
}

/// One connection's place in the registry, left when this is dropped.
#[derive(Debug)]
pub struct ClientConnection {
    number: u64,
    clients: Arc<Clients>,
    /// The replies to send. They end when the connection has fallen too far behind.
    pub replies: mpsc::Receiver<QueuedReplies>,
}

/// The connection speaks for too many clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyKeys;

impl Clients {
    /// Adds a connection with room for so many replies and so many bytes of them, which may speak for so
    /// many clients.
    #[must_use]
    pub fn connect(self: &Arc<Self>, frames_max: u32, bytes_max: u32, clients_max: u32) -> ClientConnection {
        let (sender, replies) = mpsc::channel(frames_max as usize);
        let room = Arc::new(Semaphore::new(bytes_max as usize));
        let mut registry = self.lock();
        let number = registry.next;
        registry.next += 1;
        let (clients, clients_max) = (BTreeSet::new(), clients_max as usize);
        registry.connections.insert(number, Outlet { replies: sender, room, clients, clients_max });
        ClientConnection { number, clients: Arc::clone(self), replies }
    }

    /// How many connections there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().connections.len()
    }

    /// Queues replies wherever their client is connected. A connection whose queue is full is
    /// given up.
    ///
    /// That a command's signature or size is wrong is not told here: anybody can send such a
    /// command in another's name, and the one who did is told by the close of its connection.
    pub fn deliver(&self, replies: Replies) {
        let not_verified = [NotAdmitted::BadSignature, NotAdmitted::TooLarge].map(Outcome::NotAdmitted);
        if replies.outcomes.iter().any(|(_, outcome)| not_verified.contains(outcome)) {
            return; // such a reply goes alone
        }
        let mut registry = self.lock();
        let Some(numbers) = registry.by_client.get(&replies.client) else { return };
        let numbers: Vec<u64> = numbers.iter().copied().collect();
        let frame = Bytes::from(wire::encode(&ReplicaFrame::Replies(replies)));
        for number in numbers {
            if registry.connections.get(&number).is_some_and(|outlet| !outlet.queue(&frame)) {
                registry.remove(number);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        // The registry is whole between any two statements: a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outlet {
    /// Queues replies; false when there is no room for them.
    fn queue(&self, frame: &Bytes) -> bool {
        let Ok(bytes) = u32::try_from(frame.len()) else { return false };
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(bytes) else { return false };
        self.replies.try_send(QueuedReplies { frame: frame.clone(), _room: room }).is_ok()
    }
}

impl Registry {
    fn remove(&mut self, number: u64) {
        let Some(outlet) = self.connections.remove(&number) else { return };
        for client in outlet.clients {
            if let Some(numbers) = self.by_client.get_mut(&client) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    self.by_client.remove(&client);
                }
            }
        }
    }
}

impl ClientConnection {
    /// From now on, replies to `client` go to this connection too. The caller has verified that
    /// a command of that client came on it.
    ///
    /// # Errors
    /// When the connection speaks for as many clients as one may.
    pub fn follow(&self, client: ClientId) -> Result<(), TooManyKeys> {
        let mut registry = self.clients.lock();
        let Some(outlet) = registry.connections.get_mut(&self.number) else { return Ok(()) };
        if outlet.clients.contains(&client) {
            return Ok(());
        }
        if outlet.clients.len() >= outlet.clients_max {
            return Err(TooManyKeys);
        }
        outlet.clients.insert(client);
        registry.by_client.entry(client).or_default().insert(self.number);
        Ok(())
    }
}

impl Drop for ClientConnection {
    fn drop(&mut self) {
        self.clients.lock().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::crypto::{PublicKey, Signature};
    use hotstuff_core::{Height, ReplicaId, SequenceNumber};

    const A: ClientId = PublicKey([1; 32]);
    const B: ClientId = PublicKey([2; 32]);

    fn reply(client: ClientId, outcome: Outcome) -> Replies {
        let outcomes = vec![(SequenceNumber(1), outcome)];
        Replies { client, outcomes, replica: ReplicaId(0), signature: Signature([0; 64]) }
    }

    fn executed(client: ClientId) -> Replies {
        reply(client, Outcome::Executed { height: Height(1), result: Vec::new() })
    }

    #[test]
    fn replies_go_to_every_connection_of_their_client_and_to_no_other() {
        let clients = Arc::new(Clients::default());
        let [mut first, mut second, mut other] = [(); 3].map(|()| clients.connect(4, 4_096, 8));
        first.follow(A).unwrap();
        second.follow(A).unwrap();
        other.follow(B).unwrap();
        clients.deliver(executed(A));
        assert!(first.replies.try_recv().is_ok());
        assert!(second.replies.try_recv().is_ok());
        assert!(other.replies.try_recv().is_err());
        drop(second);
        clients.deliver(executed(A));
        assert!(first.replies.try_recv().is_ok());
        assert_eq!(clients.count(), 2);
    }

    #[test]
    fn a_connection_that_falls_behind_is_given_up() {
        let clients = Arc::new(Clients::default());
        let mut slow = clients.connect(2, 4_096, 8);
        slow.follow(A).unwrap();
        for _ in 0..3 {
            clients.deliver(executed(A));
        }
        assert_eq!(clients.count(), 0);
        assert!(slow.replies.try_recv().is_ok());
        assert!(slow.replies.try_recv().is_ok());
        assert_eq!(slow.replies.try_recv().unwrap_err(), mpsc::error::TryRecvError::Disconnected);
    }

    #[test]
    fn the_bytes_that_wait_are_bounded_too() {
        let clients = Arc::new(Clients::default());
        let large = || reply(A, Outcome::Executed { height: Height(1), result: vec![0; 600] });
        let mut connection = clients.connect(100, 2_000, 8);
        connection.follow(A).unwrap();
        clients.deliver(large());
        clients.deliver(large());
        drop(connection.replies.try_recv().unwrap());
        clients.deliver(large());
        assert_eq!(clients.count(), 1, "what was written makes room");
        clients.deliver(large());
        assert_eq!(clients.count(), 0);
    }

    #[test]
    fn nobody_is_told_that_a_forged_command_in_its_name_was_refused() {
        let clients = Arc::new(Clients::default());
        let mut victim = clients.connect(4, 4_096, 8);
        victim.follow(A).unwrap();
        for why in [NotAdmitted::BadSignature, NotAdmitted::TooLarge] {
            clients.deliver(reply(A, Outcome::NotAdmitted(why)));
        }
        assert!(victim.replies.try_recv().is_err());
        clients.deliver(reply(A, Outcome::NotAdmitted(NotAdmitted::Busy)));
        assert!(victim.replies.try_recv().is_ok());
    }

    #[test]
    fn a_connection_speaks_for_so_many_clients_only() {
        let clients = Arc::new(Clients::default());
        let connection = clients.connect(1, 4_096, 8);
        for number in 0..8 {
            connection.follow(PublicKey([number; 32])).unwrap();
            connection.follow(PublicKey([number; 32])).unwrap();
        }
        assert_eq!(connection.follow(PublicKey([0xff; 32])), Err(TooManyKeys));
    }
}
