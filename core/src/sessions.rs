//! The client table: which commands executed, and what they were answered. It is part of the
//! replicated state, so every replica judges a repeated command alike (pitfall 30).

use crate::command::{ClientId, CommandId};
use crate::committee::Limits;
use crate::crypto::{Digest, Domain};
use crate::ids::{Height, SequenceNumber};
use crate::merkle::MerkleBuckets;
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
        let digest = Digest::of_value(Domain::Merkle, &(height, &result));
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
    /// Of all the above: kept, so that a bucket's digest costs a hash of digests, however many
    /// clients choose keys of one bucket.
    digest: Digest,
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
    sessions_max: usize,
    replies_max: usize,
    reply_bytes_max: u64,
    tree: MerkleBuckets,
    touched: BTreeSet<u8>,
    /// Whose digest is not up to date.
    unsealed: BTreeSet<ClientId>,
}

impl Sessions {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            clients: BTreeMap::new(),
            by_use: BTreeMap::new(),
            uses: 0,
            sessions_max: limits.sessions as usize,
            replies_max: limits.session_replies as usize,
            reply_bytes_max: limits.session_bytes.into(),
            tree: MerkleBuckets::new(8, Digest::default()),
            touched: BTreeSet::new(),
            unsealed: BTreeSet::new(),
        }
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
        self.touched.insert(bucket(&id.client));
        if self.clients.len() > self.sessions_max
            && let Some((_, forgotten)) = self.by_use.pop_first()
        {
            self.clients.remove(&forgotten);
            self.touched.insert(bucket(&forgotten));
        }
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
            sessions.touched.insert(bucket(&client));
            sessions.clients.insert(client, session);
        }
        // Entries told twice would leave traces that the root does not cover.
        (sessions.image() == *image && sessions.by_use.len() == sessions.clients.len()).then_some(sessions)
    }

    /// A digest of the table.
    pub(crate) fn root(&mut self) -> Digest {
        while let Some(client) = self.unsealed.pop_first() {
            if let Some(session) = self.clients.get_mut(&client) {
                session.seal(&client); // one forgotten since has none
            }
        }
        for bucket in core::mem::take(&mut self.touched) {
            let lowest = ClientId::lowest_of_bucket(bucket);
            let members = self.clients.range(lowest..).take_while(|(client, _)| client.0[0] == bucket);
            let digests: Vec<Digest> = members.map(|(_, session)| session.digest).collect();
            let digest = Digest::of_value(Domain::Merkle, &digests);
            self.tree.set(bucket.into(), if digests.is_empty() { Digest::default() } else { digest });
        }
        self.tree.root()
    }
}

/// A client's key is random enough to be its own hash.
fn bucket(client: &ClientId) -> u8 {
    client.0[0]
}

impl ClientId {
    fn lowest_of_bucket(bucket: u8) -> Self {
        let mut bytes = [0; 32];
        bytes[0] = bucket;
        Self(bytes)
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

    fn seal(&mut self, client: &ClientId) {
        while let Some(group) = self.stale.pop_first() {
            let first = SequenceNumber(group * GROUP);
            let members = self.replies.range(first..).take_while(|(sequence, _)| sequence.0 / GROUP == group);
            let replies: Vec<(SequenceNumber, Digest)> =
                members.map(|(sequence, executed)| (*sequence, executed.digest)).collect();
            if replies.is_empty() {
                self.groups.remove(&group);
            } else {
                self.groups.insert(group, Digest::of_value(Domain::Merkle, &replies));
            }
        }
        let groups: Vec<Digest> = self.groups.values().copied().collect();
        self.digest = Digest::of_value(Domain::Merkle, &(client, self.used, self.floor, groups));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::PublicKey;
    use alloc::vec;

    fn limits(most: u32) -> Limits {
        Limits { sessions: most, session_replies: most, session_bytes: 100, ..Limits::default() }
    }

    fn id(client: u8, sequence: u64) -> CommandId {
        CommandId { client: PublicKey([client; 32]), sequence: SequenceNumber(sequence) }
    }

    #[test]
    fn pitfall_30_an_executed_command_is_known_with_its_reply() {
        let mut sessions = Sessions::new(&limits(2));
        assert_eq!(sessions.known(&id(1, 5)), Known::New);
        sessions.record(id(1, 5), Height(3), vec![7]);
        let Known::Executed(executed) = sessions.known(&id(1, 5)) else { panic!("known") };
        assert_eq!((executed.height, &executed.result), (Height(3), &vec![7]));
        assert_eq!(sessions.known(&id(1, 4)), Known::New, "commands may arrive out of order");
    }

    #[test]
    fn replies_and_sessions_are_bounded_and_the_forgotten_is_too_old() {
        let mut sessions = Sessions::new(&limits(2));
        for sequence in [10, 20, 30] {
            sessions.record(id(1, sequence), Height(1), vec![]);
        }
        assert_eq!(sessions.known(&id(1, 10)), Known::TooOld);
        assert_eq!(sessions.known(&id(1, 9)), Known::TooOld);
        assert_eq!(sessions.known(&id(1, 11)), Known::New);
        sessions.record(id(2, 1), Height(1), vec![]);
        sessions.record(id(3, 1), Height(1), vec![]);
        assert_eq!(sessions.clients.len(), 2);
        assert_eq!(sessions.by_use.len(), 2);
        assert_eq!(sessions.known(&id(1, 30)), Known::New, "the session idle for longest is forgotten");
    }

    #[test]
    fn replies_are_bounded_in_bytes_too_but_the_latest_stays() {
        let mut sessions = Sessions::new(&limits(9));
        sessions.record(id(1, 10), Height(1), vec![0; 60]);
        sessions.record(id(1, 20), Height(1), vec![0; 40]);
        assert!(matches!(sessions.known(&id(1, 10)), Known::Executed(_)));
        sessions.record(id(1, 30), Height(1), vec![0; 1]);
        assert_eq!(sessions.known(&id(1, 10)), Known::TooOld);
        sessions.record(id(1, 40), Height(1), vec![0; 101]);
        assert_eq!(sessions.known(&id(1, 30)), Known::TooOld);
        assert!(matches!(sessions.known(&id(1, 40)), Known::Executed(_)));
    }

    #[test]
    fn a_restored_table_knows_and_forgets_the_same() {
        let mut table = Sessions::new(&limits(2));
        for (client, sequence) in [(1, 10), (2, 5), (1, 20), (1, 30)] {
            table.record(id(client, sequence), Height(sequence), vec![client]);
        }
        let mut restored = Sessions::restored(&limits(2), &table.image()).unwrap();
        assert_eq!(restored.root(), table.root());
        assert_eq!(restored.known(&id(1, 10)), Known::TooOld);
        for table in [&mut table, &mut restored] {
            table.record(id(3, 1), Height(40), vec![0; 99]);
            assert_eq!(table.known(&id(2, 5)), Known::New, "idle for longest, so forgotten");
        }
        assert_eq!(restored.root(), table.root());
    }

    #[test]
    fn the_root_is_one_of_the_content_however_it_came_about() {
        let mut table = Sessions::new(&limits(11));
        for step in 1..100u64 {
            // Neighbours, gaps, and again what was left out.
            let sequence = if step % 3 == 0 { 5 * step } else { 4 * step };
            table.record(id((step % 2) as u8, sequence), Height(step), vec![0; (step % 30) as usize]);
            let root = table.root();
            assert_eq!(Sessions::restored(&limits(11), &table.image()).unwrap().root(), root, "step {step}");
        }
    }

    type Told = (SessionHead, Vec<ReplyImage>);

    fn decoded(image: &SessionsImage) -> Vec<Told> {
        let (mut rest, mut told) = (&image.0[..], Vec::new());
        while !rest.is_empty() {
            let head: SessionHead = wire::take(&mut rest).unwrap();
            let replies = (0..head.replies).map(|_| wire::take(&mut rest).unwrap()).collect();
            told.push((head, replies));
        }
        told
    }

    fn encoded(told: &[Told]) -> SessionsImage {
        let one = |(head, replies): &Told| {
            let replies: Vec<u8> = replies.iter().flat_map(wire::encode).collect();
            [wire::encode(head), replies].concat()
        };
        SessionsImage(told.iter().flat_map(one).collect())
    }

    fn is_restored_when(change: impl Fn(&mut Vec<Told>)) -> bool {
        let mut table = Sessions::new(&limits(2));
        table.record(id(1, 10), Height(1), vec![1]);
        table.record(id(2, 5), Height(1), vec![2]);
        let mut told = decoded(&table.image());
        change(&mut told);
        Sessions::restored(&limits(2), &encoded(&told)).is_some()
    }

    #[test]
    fn an_image_that_tells_of_a_client_twice_is_refused() {
        assert!(is_restored_when(|_| {}));
        assert!(!is_restored_when(|told| told[0].0.used = told[1].0.used));
        assert!(!is_restored_when(|told| told.swap(0, 1)));
        assert!(!is_restored_when(|told| told[1].0.client = told[0].0.client));
        assert!(!is_restored_when(|told| {
            told[0].1 = [told[0].1.clone(), told[0].1.clone()].concat();
            told[0].0.replies = 2;
        }));
    }

    #[test]
    fn an_image_of_more_than_a_table_holds_is_refused() {
        let reply = |sequence| (SequenceNumber(sequence), Height(1), vec![]);
        let with_replies = |count: u32| {
            is_restored_when(|told| {
                told[0].1 = (1..=u64::from(count)).map(reply).collect();
                told[0].0.replies = count;
            })
        };
        assert!(with_replies(2));
        assert!(!with_replies(3));
        assert!(!is_restored_when(|told| told[0].0.replies = u32::MAX), "more are named than are there");
        assert!(!is_restored_when(|told| {
            let third = SessionHead { client: PublicKey([3; 32]), used: 9, ..told[0].0.clone() };
            told.push((third, told[0].1.clone()));
        }));
    }

    #[test]
    fn the_root_tells_tables_apart() {
        let (mut one, mut other) = (Sessions::new(&limits(9)), Sessions::new(&limits(9)));
        assert_eq!(one.root(), other.root());
        one.record(id(1, 5), Height(3), vec![7]);
        assert_ne!(one.root(), other.root());
        other.record(id(1, 5), Height(3), vec![8]);
        assert_ne!(one.root(), other.root(), "results count");
    }
}
