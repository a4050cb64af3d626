//! Every vote that replicas have cast, by their logs: a vote is logged before it is sent, and a log
//! outlives its process.

use std::collections::BTreeMap;
use std::path::Path;

/// What a replica must be told to log.
pub const FILTER: &str = "hotstuff_replica=info,hotstuff_replica::driver::events=debug";

/// The votes of one replica: in each view, for which block.
pub fn votes(log: &Path) -> BTreeMap<u64, String> {
    let text = std::fs::read_to_string(log).unwrap();
    let mut votes = BTreeMap::new();
    for (view, block) in text.lines().filter_map(vote) {
        let before = votes.insert(view, block.to_owned());
        assert!(before.as_deref().is_none_or(|before| before == block), "{before:?}, then {block}: {log:?}");
    }
    votes
}

/// `... r0 voted for b5@v7e1 (0a1b2c3d), to r2`: the view, and the block.
fn vote(line: &str) -> Option<(u64, &str)> {
    let (_, told) = line.split_once(" voted for ")?;
    let (block, _) = told.split_once(", to ")?;
    let view = block.split_once("@v")?.1;
    let digits = view.find(|next: char| !next.is_ascii_digit())?;
    Some((view[..digits].parse().ok()?, block))
}

#[test]
fn votes_are_read_from_logs() {
    let line =
        "2026-01-01T00:00:00Z DEBUG hotstuff_replica::driver::events: r0 voted for b5@v7e1 (0a1b2c3d), to r2";
    assert_eq!(vote(line), Some((7, "b5@v7e1 (0a1b2c3d)")));
    assert_eq!(vote("r0 refused to vote for b5@v7 (0a1b2c3d)"), None);
}
