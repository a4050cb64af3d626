//! Replicas that speak the client protocol, each in its own way, without a cluster behind them.

use futures_util::{SinkExt, StreamExt};
use hotstuff_core::CommitRule;
use hotstuff_core::command::{Command, Operation, Outcome, Replies};
use hotstuff_core::committee::{CommitteeSpec, Limits, Member};
use hotstuff_core::crypto::{ClusterId, SecretKey};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::link::{ClientFrame, ReplicaFrame};
use hotstuff_core::{Committee, Height, Power, ReplicaId, SequenceNumber, verify, wire};
use hotstuff_replica::client::Endpoint;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

/// What a replica sends when it is sent a command. `None` closes the connection.
pub type Behaviour = Box<dyn Fn(&Fake, Command) -> Option<Vec<Message>> + Send + Sync>;

/// One replica.
pub struct Fake {
    pub id: ReplicaId,
    key: SecretKey,
    committee: Arc<Committee>,
    /// Every command it was sent, in order.
    pub seen: Mutex<Vec<SequenceNumber>>,
    /// How many connections were made to it.
    pub connections: Mutex<u32>,
    /// How many of them the client closed as it should.
    pub closed: Mutex<u32>,
    behaviour: Behaviour,
}

/// A committee of replicas that run in the test's own process.
pub struct Fakes {
    pub committee: Arc<Committee>,
    pub endpoints: Vec<Endpoint>,
    pub replicas: Vec<Arc<Fake>>,
    _tasks: JoinSet<()>,
}

/// What an honest replica makes of a command: the same at all of them.
pub fn executed(command: &Command) -> Outcome {
    let Operation::App(result) = command.operation.clone() else { panic!("only operations of the store") };
    Outcome::Executed { height: Height(command.id.sequence.0 % 1_000), result }
}

impl Fake {
    /// A reply of this replica.
    pub fn reply(&self, command: &Command, outcome: Outcome) -> Message {
        self.reply_with(&self.key, command, outcome)
    }

    /// A reply in this replica's name, signed by any key.
    pub fn reply_with(&self, key: &SecretKey, command: &Command, outcome: Outcome) -> Message {
        let reply = Replies::one(key, self.committee.cluster(), self.id, command.id, outcome);
        Message::Binary(wire::encode(&ReplicaFrame::Replies(reply)).into())
    }

    /// How often it was sent this command.
    pub fn times_seen(&self, sequence: SequenceNumber) -> usize {
        self.seen.lock().unwrap().iter().filter(|seen| **seen == sequence).count()
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let Ok(mut socket) = accept_async(stream).await else { return };
        *self.connections.lock().unwrap() += 1;
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Binary(bytes) => {
                    let ClientFrame::Submit(command) = wire::decode(&bytes).expect("the client sends frames");
                    verify::command(&self.committee, command.clone()).expect("the client signs its commands");
                    self.seen.lock().unwrap().push(command.id.sequence);
                    let Some(messages) = (self.behaviour)(&self, command) else { return };
                    for message in messages {
                        socket.feed(message).await.ok();
                    }
                    socket.flush().await.ok();
                }
                Message::Close(_) => *self.closed.lock().unwrap() += 1,
                _ => {}
            }
        }
    }
}

impl Fakes {
    /// Starts one replica per behaviour; `None` for one that is down.
    pub async fn start(behaviours: Vec<Option<Behaviour>>, limits: Limits) -> Self {
        let secret = |id: u16| SecretKey::from_seed([u8::try_from(id).unwrap() + 1; 32]);
        let ids = 0..u16::try_from(behaviours.len()).unwrap();
        let member = |id| Member { id: ReplicaId(id), key: secret(id).public(), power: Power(1) };
        let members = ids.map(member).collect();
        let cluster = ClusterId([9; 32]);
        let spec = CommitteeSpec {
            cluster,
            members,
            leaders: LeaderRule::RoundRobin,
            rule: CommitRule::default(),
            operator: None,
            limits,
        };
        let committee = Arc::new(Committee::new(spec).unwrap());
        let (mut endpoints, mut replicas, mut tasks) = (Vec::new(), Vec::new(), JoinSet::new());
        for (id, behaviour) in (0..).zip(behaviours) {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("ws://{}/client", listener.local_addr().unwrap());
            endpoints.push(Endpoint { replica: ReplicaId(id), url });
            let Some(behaviour) = behaviour else { continue };
            let (seen, connections, closed) = (Mutex::default(), Mutex::default(), Mutex::default());
            let (key, committee) = (secret(id), committee.clone());
            let fake = Fake { id: ReplicaId(id), key, committee, seen, connections, closed, behaviour };
            let fake = Arc::new(fake);
            replicas.push(fake.clone());
            tasks.spawn(async move {
                let mut connections = JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    connections.spawn(fake.clone().serve(stream));
                }
            });
        }
        Self { committee, endpoints, replicas, _tasks: tasks }
    }
}
