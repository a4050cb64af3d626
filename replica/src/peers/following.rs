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
use tokio::task::JoinSet;
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
    #[error("the replica ends")]
    Ending,
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
                    self.read_again().await;
                }
                Some(()) = reload.recv() => self.read_again().await,
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

    async fn read_again(&mut self) {
        match self.read().await {
            Ok(file) => {
                tracing::info!(joiners = file.joiners.len(), "read {} again", self.path.display());
                self.file = file;
            }
            Err(why) => tracing::warn!("the committee file stays as it was: {why}"),
        }
    }

    async fn read(&self) -> Result<CommitteeFile, NotTaken> {
        let path = self.path.clone();
        let reading = tokio::task::spawn_blocking(move || CommitteeFile::load(&path));
        let file = reading.await.map_err(|_| NotTaken::Ending)??;
        check(&self.file, &file, &self.path)?;
        Ok(file)
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
