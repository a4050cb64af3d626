//! Keeps the links to those that count: follows the committees and the committee file.

use super::dial;
use super::roster::{self, Roster};
use crate::config::{CommitteeFile, ConfigError};
use crate::context::Context;
use crate::shutdown::Stop;
use hotstuff_core::crypto::PublicKey;
use hotstuff_core::{Committees, ReplicaId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// What there is to follow, and who counts for links by it.
#[derive(Debug)]
pub struct Following {
    file: CommitteeFile,
    path: PathBuf,
    /// How long the links to a removed replica stay.
    farewell: Duration,
    members: BTreeSet<(ReplicaId, PublicKey)>,
    /// Members of before, and until when they count.
    leaving: BTreeMap<(ReplicaId, PublicKey), Instant>,
    roster: watch::Sender<Arc<Roster>>,
}

/// Why a committee file is not taken in place of the one before.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0} describes another cluster, or another first committee")]
    OtherCommittee(PathBuf),
    #[error("reading it has failed")]
    Panicked,
}

/// The committee file, on its way. Nothing else waits for the disk that it lies on.
#[derive(Debug, Default)]
struct Reading {
    under_way: Option<JoinHandle<Result<CommitteeFile, ConfigError>>>,
    /// It may have changed since that began.
    is_due: bool,
}

impl Reading {
    /// Has the file read, from now on and not from before.
    fn begin(&mut self, path: &Path) {
        self.is_due = self.under_way.is_some();
        if !self.is_due {
            let path = path.to_owned();
            self.under_way = Some(tokio::task::spawn_blocking(move || CommitteeFile::load(&path)));
        }
    }

    /// What was read. Nothing comes while nothing is read.
    async fn end(&mut self, path: &Path) -> Result<CommitteeFile, NotTaken> {
        let Some(under_way) = &mut self.under_way else { return std::future::pending().await };
        let read = under_way.await;
        self.under_way = None;
        if self.is_due {
            self.begin(path);
        }
        Ok(read.map_err(|_| NotTaken::Panicked)??)
    }
}

impl Following {
    /// Who counts at the start: `file` was read from `path`.
    #[must_use]
    pub fn new(file: CommitteeFile, path: PathBuf, committees: &Committees, farewell: Duration) -> Self {
        let roster = watch::Sender::new(Arc::new(Roster::new(committees, &BTreeSet::new(), &file)));
        let members = roster::members(committees);
        Self { file, path, farewell, members, leaving: BTreeMap::new(), roster }
    }

    /// Who counts, as it changes.
    #[must_use]
    pub fn roster(&self) -> watch::Receiver<Arc<Roster>> {
        self.roster.subscribe()
    }

    /// Dials all who count until `stop`, and returns when those links are closed. Whoever no longer counts is
    /// closed to, links in both directions. The committee file is read again when the committees change, for it
    /// may tell by now where a new member is found, and at each `reload`.
    pub async fn run(mut self, context: Arc<Context>, mut reload: mpsc::Receiver<()>, mut stop: Stop) {
        let mut reading = Reading::default();
        let mut committees = context.committees.clone();
        committees.mark_unchanged();
        let mut links = JoinSet::new();
        loop {
            let now = Instant::now();
            let newest = Arc::clone(&committees.borrow());
            self.leaving.retain(|_, until| *until > now);
            self.note_members(&newest, now);
            self.apply(&newest, &context, &mut links, &stop);
            let due = self.leaving.values().min().copied();
            tokio::select! {
                () = stop.stopped() => break,
                changed = committees.changed() => {
                    if changed.is_err() {
                        stop.stopped().await; // the driver has ended, and so does the rest
                        break;
                    }
                    reading.begin(&self.path);
                }
                Some(()) = reload.recv() => reading.begin(&self.path),
                read = reading.end(&self.path) => self.take(read),
                () = sleep_until(due.unwrap_or(now)), if due.is_some() => {}
                Some(_) = links.join_next() => {}
            }
        }
        links.join_all().await;
    }

    /// Notes who has left the committees since the last time, and who is back.
    fn note_members(&mut self, committees: &Committees, now: Instant) {
        let members = roster::members(committees);
        for gone in self.members.difference(&members) {
            self.leaving.insert(*gone, now + self.farewell);
        }
        self.leaving.retain(|left, _| !members.contains(left));
        self.members = members;
    }

    /// Tells everyone who counts now, and dials and closes accordingly.
    fn apply(&self, committees: &Committees, context: &Arc<Context>, links: &mut JoinSet<()>, stop: &Stop) {
        let leaving = self.leaving.keys().copied().collect();
        let roster = Arc::new(Roster::new(committees, &leaving, &self.file));
        let before = Arc::clone(&self.roster.borrow());
        let mut begin = |id| {
            if roster.addresses(id).is_none() {
                tracing::warn!(peer = %id, "{} has no address for this replica", self.path.display());
            }
            let peer = context.peers.join(id);
            links.spawn(dial(Arc::clone(context), id, peer, stop.clone()));
        };
        let others = || roster.ids().filter(|id| *id != context.id);
        // Whoever is let in has its place already; whoever has none any more is let in no more.
        others().filter(|id| context.peers.peer(*id).is_none()).for_each(&mut begin);
        context.origins.follow(roster.ids().filter_map(|id| roster.addresses(id)));
        self.roster.send_replace(Arc::clone(&roster));
        for id in context.peers.ids() {
            if before.keys(id).all(|key| roster.allows(id, key)) {
                continue;
            }
            tracing::info!(peer = %id, "no longer linked to");
            context.peers.leave(id);
            if roster.keys(id).next().is_some() {
                begin(id);
            }
        }
    }

    fn take(&mut self, read: Result<CommitteeFile, NotTaken>) {
        let checked = read.and_then(|file| check(&self.file, &file, &self.path).map(|()| file));
        match checked {
            Ok(file) => {
                tracing::info!(joiners = file.joiners.len(), "read {} again", self.path.display());
                self.file = file;
            }
            Err(why) => tracing::warn!("the committee file stays as it was: {why}"),
        }
    }
}

/// That the cluster of two committee files is the same.
fn check(before: &CommitteeFile, file: &CommitteeFile, path: &Path) -> Result<(), NotTaken> {
    if before.committee.spec() == file.committee.spec() {
        Ok(())
    } else {
        Err(NotTaken::OtherCommittee(path.to_owned()))
    }
}
