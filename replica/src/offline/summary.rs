//! A store at a glance, as text and as JSON.

use crate::store::Look;
use hotstuff_core::{Block, BlockRef};
use serde::Serialize;
use std::fmt;

/// A block by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlockLine {
    /// Its height.
    pub height: u64,
    /// Its view.
    pub view: u64,
    /// Its epoch.
    pub epoch: u64,
    /// Its id in full, in hexadecimal.
    pub id: String,
}

/// A store at a glance. Views, heights and epochs are numbers; ids are in full, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The file.
    pub path: String,
    /// Its size.
    pub file_bytes: u64,
    /// Its format.
    pub format: Option<String>,
    /// The replica whose it is.
    pub replica: Option<u16>,
    /// The cluster.
    pub cluster: Option<String>,
    /// The last committed block.
    pub committed_head: Option<BlockLine>,
    /// The height of the first committed block that is kept.
    pub committed_from: Option<u64>,
    /// How many committed blocks are kept.
    pub committed_blocks: usize,
    /// The block after which the snapshot's state is.
    pub snapshot: Option<BlockLine>,
    /// Bytes of the snapshot.
    pub snapshot_bytes: u64,
    /// The blocks that are not committed, by height.
    pub uncommitted: Vec<BlockLine>,
    /// How many changes of the committee are proven.
    pub changes_proven: usize,
    /// What the high QC certifies.
    pub high_qc: Option<BlockLine>,
    /// The lock.
    pub lock: Option<BlockLine>,
    /// What was voted for last.
    pub last_vote: Option<BlockLine>,
    /// The last view given up.
    pub last_timeout: Option<u64>,
    /// The last view proposed in.
    pub last_proposed: Option<u64>,
    /// The view of the last timeout certificate.
    pub timeout_certificate: Option<u64>,
    /// The two blocks because of which the replica has halted for good.
    pub halted: Option<(BlockLine, BlockLine)>,
    /// What cannot be read.
    pub problems: Vec<String>,
}

impl From<BlockRef> for BlockLine {
    fn from(block: BlockRef) -> Self {
        Self {
            height: block.height.0,
            view: block.view.0,
            epoch: block.epoch.0,
            id: format!("{:#}", block.id),
        }
    }
}

impl fmt::Display for BlockLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "height {}, view {}, epoch {}, {}", self.height, self.view, self.epoch, self.id)
    }
}

impl Summary {
    /// The summary of a store that was looked at.
    #[must_use]
    pub fn of(look: &Look) -> Self {
        let recovered = &look.recovered;
        let line = |block: &Block| BlockLine::from(block.reference());
        let snapshot = recovered.snapshot.as_ref();
        let safety = recovered.safety.as_ref();
        let mut uncommitted: Vec<BlockLine> = recovered.uncommitted.values().map(line).collect();
        uncommitted.sort_by(|a, b| (a.height, a.view, &a.id).cmp(&(b.height, b.view, &b.id)));
        Self {
            path: look.path.display().to_string(),
            file_bytes: look.file_bytes,
            format: look.format.clone(),
            replica: look.owner.map(|owner| owner.id.0),
            cluster: look.owner.map(|owner| crate::config::hex::encode(&owner.cluster.0)),
            committed_head: recovered.committed.last().or(snapshot.map(|it| it.base())).map(line),
            committed_from: recovered.committed.first().map(|block| block.height().0),
            committed_blocks: recovered.committed.len(),
            snapshot: snapshot.map(|it| line(it.base())),
            snapshot_bytes: look.snapshot_bytes,
            uncommitted,
            changes_proven: snapshot.map_or(0, |it| it.handovers.len()) + recovered.handovers.len(),
            high_qc: recovered.high_qc.as_ref().map(|qc| qc.block.into()),
            lock: safety.map(|safety| safety.lock.into()),
            last_vote: safety.and_then(|safety| safety.last_vote.as_ref()).map(|vote| vote.block.into()),
            last_timeout: safety.map(|safety| safety.last_timeout.0),
            last_proposed: safety.map(|safety| safety.last_proposed.0),
            timeout_certificate: recovered.tc.as_ref().map(|tc| tc.view.0),
            halted: recovered.halted.map(|halt| (halt.head.into(), halt.conflicting.into())),
            problems: look.problems.clone(),
        }
    }

    /// The summary as one JSON document, with a line break at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        json.expect("a document of numbers and strings has a JSON form") + "\n"
    }
}

/// A line for each thing, and none for what is not there.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = || "unknown".to_owned();
        let format = self.format.clone().unwrap_or_else(unknown);
        writeln!(f, "store            {}, {} bytes, format {format}", self.path, self.file_bytes)?;
        let replica = self.replica.map_or_else(unknown, |id| format!("r{id}"));
        let cluster = self.cluster.clone().unwrap_or_else(unknown);
        writeln!(f, "replica          {replica} of cluster {cluster}")?;
        if let Some(head) = &self.committed_head {
            writeln!(f, "committed head   {head}")?;
        }
        if let Some(from) = self.committed_from {
            writeln!(f, "committed blocks {} from height {from} on", self.committed_blocks)?;
        }
        if let Some(base) = &self.snapshot {
            writeln!(f, "snapshot         {base}, {} bytes", self.snapshot_bytes)?;
        }
        for block in &self.uncommitted {
            writeln!(f, "uncommitted      {block}")?;
        }
        writeln!(f, "changes proven   {}", self.changes_proven)?;
        for (name, block) in
            [("high QC", &self.high_qc), ("lock", &self.lock), ("last vote", &self.last_vote)]
        {
            if let Some(block) = block {
                writeln!(f, "{name:<16} {block}")?;
            }
        }
        for (name, view) in [
            ("last timeout", self.last_timeout),
            ("last proposal", self.last_proposed),
            ("TC", self.timeout_certificate),
        ] {
            if let Some(view) = view {
                writeln!(f, "{name:<16} view {view}")?;
            }
        }
        if let Some((head, conflicting)) = &self.halted {
            writeln!(f, "halted           head {head}; certified too: {conflicting}")?;
        }
        self.problems.iter().try_for_each(|problem| writeln!(f, "damaged          {problem}"))
    }
}
