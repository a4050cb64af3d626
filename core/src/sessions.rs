//! The client table: which commands executed, and what they were answered. It is part of the
//! replicated state, so every replica judges a repeated command alike (pitfall 30).

use crate::command::{ClientId, CommandId};
use crate::committee::Limits;
use crate::crypto::{Digest, Domain};
use crate::ids::{Height, SequenceNumber};
use crate::merkle::MerkleTrie;
use crate::wire;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A remembered execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Executed {
    pub(crate) height: Height,
    pub(crate) result: Vec<u8>,
    digest: Digest,
}

impl Executed {
    fn new(height: Height, result: Vec<u8>) -> Self {
        let digest = Digest::of_value(Domain::Merkle, &(*b"reply", height, &result));
        Self { height, result, digest }
    }
}

/// How many sequence numbers share a digest: what one more reply makes necessary to hash again.
const GROUP: u64 = 8;

#[derive(Clone, Default)]
struct Session {
    replies: BTreeMap<SequenceNumber, Executed>,
    /// Digests of the replies, in groups of neighbours, and of which groups they are not up to date.
    groups: BTreeMap<u64, Digest>,
    stale: BTreeSet<u64>,
    /// Every sequence number up to this one is too old to tell.
    floor: Option<SequenceNumber>,
    /// Bytes of all results together.
    bytes: u64,
    /// When the session was last used, as a count of executions.
    used: u64,
}

/// The client table as a snapshot carries it: encoded, for each client a [`SessionHead`] and its
/// replies. A peer that lies cannot make much memory of few bytes: entries are counted as they are
/// decoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionsImage(Vec<u8>);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SessionHead {
    client: ClientId,
    used: u64,
    floor: Option<SequenceNumber>,
    replies: u32,
}

type ReplyImage = (SequenceNumber, Height, Vec<u8>);

/// What is known of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known<'a> {
    New,
    Executed(&'a Executed),
    TooOld,
}

/// The sessions of all remembered clients, bounded in clients, and in replies and their bytes per
/// client.
#[derive(Clone)]
pub(crate) struct Sessions {
    clients: BTreeMap<ClientId, Session>,
    by_use: BTreeMap<u64, ClientId>,
    uses: u64,
    /// Whose session is never forgotten.
    kept: Option<ClientId>,
    sessions_max: usize,
    replies_max: usize,
    reply_bytes_max: u64,
    /// The digests of all sessions, by client.
    trie: MerkleTrie,
    /// Whose digest is not up to date.
    unsealed: BTreeSet<ClientId>,
}

impl Sessions {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            clients: BTreeMap::new(),
            by_use: BTreeMap::new(),
            uses: 0,
            kept: None,
            sessions_max: limits.sessions as usize,
            replies_max: limits.session_replies as usize,
            reply_bytes_max: limits.session_bytes.into(),
            trie: MerkleTrie::new(),
            unsealed: BTreeSet::new(),
        }
    }

    /// The same, but never forgetting `client`, whose commands must not execute again however long ago they
    /// did. Alike at all replicas.
    pub(crate) fn keeping(self, client: Option<ClientId>) -> Self {
        Self { kept: client, ..self }
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    pub(crate) fn known(&self, id: &CommandId) -> Known<'_> {
        let Some(session) = self.clients.get(&id.client) else { return Known::New };
        if let Some(executed) = session.replies.get(&id.sequence) {
            return Known::Executed(executed);
        }
        if session.floor >= Some(id.sequence) { Known::TooOld } else { Known::New }
    }

    /// Remembers an execution, and forgets the oldest reply or session where that is one too many.
    pub(crate) fn record(&mut self, id: CommandId, height: Height, result: Vec<u8>) {
        self.uses += 1;
        let session = self.clients.entry(id.client).or_default();
        self.by_use.remove(&session.used);
        session.used = self.uses;
        self.by_use.insert(self.uses, id.client);
        session.insert(id.sequence, Executed::new(height, result));
        while session.replies.len() > self.replies_max
            || (session.bytes > self.reply_bytes_max && session.replies.len() > 1)
        {
            session.drop_oldest();
        }
        self.unsealed.insert(id.client);
        if self.clients.len() > self.sessions_max
            && let Some((used, forgotten)) = self.idle_longest()
        {
            self.by_use.remove(&used);
            self.clients.remove(&forgotten);
            self.unsealed.insert(forgotten);
        }
    }

    fn idle_longest(&self) -> Option<(u64, ClientId)> {
        let mut may_be_forgotten = self.by_use.iter().filter(|(_, client)| Some(**client) != self.kept);
        may_be_forgotten.next().map(|(used, client)| (*used, *client))
    }

    pub(crate) fn image(&self) -> SessionsImage {
        let mut bytes = Vec::new();
        for (client, session) in &self.clients {
            let Session { replies, floor, used, .. } = session;
            let count = u32::try_from(replies.len()).expect("a limit of 32 bits bounds them");
            let head = SessionHead { client: *client, used: *used, floor: *floor, replies: count };
            bytes.extend(wire::encode(&head));
            for (sequence, kept) in replies {
                bytes.extend(wire::encode(&(sequence, kept.height, &kept.result)));
            }
        }
        SessionsImage(bytes)
    }

    /// The table of an image; `None` where the image is none that a table gives. Beyond that, one
    /// that lies makes a table with another root.
    pub(crate) fn restored(limits: &Limits, image: &SessionsImage) -> Option<Self> {
        let mut sessions = Self::new(limits);
        let mut rest = &image.0[..];
        while !rest.is_empty() {
            let SessionHead { client, used, floor, replies: count } = wire::take(&mut rest).ok()?;
            if sessions.clients.len() >= sessions.sessions_max || count as usize > sessions.replies_max {
                return None;
            }
            let mut session = Session { floor, used, ..Session::default() };
            for _ in 0..count {
                let (sequence, height, result): ReplyImage = wire::take(&mut rest).ok()?;
                session.insert(sequence, Executed::new(height, result));
            }
            sessions.unsealed.insert(client);
            sessions.uses = sessions.uses.max(used); // the last use is of a client that is remembered
            sessions.by_use.insert(used, client);
            sessions.clients.insert(client, session);
        }
        // Entries told twice would leave traces that the root does not cover.
        (sessions.image() == *image && sessions.by_use.len() == sessions.clients.len()).then_some(sessions)
    }

    /// A digest of the table.
    pub(crate) fn root(&mut self) -> Digest {
        while let Some(client) = self.unsealed.pop_first() {
            // A client's key is as good as a hash: nobody who can sign by it has chosen it bit by bit.
            let key = Digest(client.0);
            match self.clients.get_mut(&client) {
                Some(session) => self.trie.insert(key, session.seal(&client)),
                None => drop(self.trie.remove(&key)),
            }
        }
        self.trie.root()
    }
}

impl Session {
    fn insert(&mut self, sequence: SequenceNumber, executed: Executed) {
        self.bytes += executed.result.len() as u64;
        self.stale.insert(sequence.0 / GROUP);
        self.replies.insert(sequence, executed);
    }

    fn drop_oldest(&mut self) {
        let (oldest, reply) = self.replies.pop_first().expect("there are replies");
        self.bytes -= reply.result.len() as u64;
        self.stale.insert(oldest.0 / GROUP);
        self.floor = self.floor.max(Some(oldest));
    }

    /// Its digest, made of those of its replies, of which only what changed is hashed.
    fn seal(&mut self, client: &ClientId) -> Digest {
        while let Some(group) = self.stale.pop_first() {
            let first = SequenceNumber(group * GROUP);
            let members = self.replies.range(first..).take_while(|(sequence, _)| sequence.0 / GROUP == group);
            let replies: Vec<(SequenceNumber, Digest)> =
                members.map(|(sequence, executed)| (*sequence, executed.digest)).collect();
            if replies.is_empty() {
                self.groups.remove(&group);
            } else {
                self.groups.insert(group, Digest::of_value(Domain::Merkle, &(*b"group", &replies)));
            }
        }
        let groups: Vec<Digest> = self.groups.values().copied().collect();
        Digest::of_value(Domain::Merkle, &(*b"session", client, self.used, self.floor, groups))
    }
}

#[cfg(test)]
mod tests;
