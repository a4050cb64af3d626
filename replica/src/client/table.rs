//! What `hotstuff status` prints for people.

use super::status::{Found, Report, Survey};
use std::fmt::Write;

/// A replica this many blocks below the highest is pointed out. Less is the ordinary skew of
/// replicas that were not asked at the very same moment.
const LAG_BLOCKS: u64 = 8;
/// How much of a state root is shown.
const ROOT_CHARS: usize = 12;

/// The survey as a table, and a line on what it means.
pub(super) fn text(survey: &Survey) -> String {
    let reports: Vec<&Report> =
        survey.replicas.iter().filter_map(|found| found.report.as_ref().ok()).collect();
    let header = ["REPLICA", "HTTP", "VIEW", "HEIGHT", "STATE ROOT", "LEADER", ""].map(str::to_owned);
    let mut rows = vec![header];
    rows.extend(survey.replicas.iter().map(|found| row(found, &reports)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    let (reachable, all) = (reports.len(), survey.replicas.len());
    let meaning = if survey.quorum_reachable { "a quorum" } else { "no quorum: nothing can be committed" };
    writeln!(text, "\n{reachable} of {all} replicas are reachable, {meaning}.").expect("a string takes it");
    text
}

fn row(found: &Found, reports: &[&Report]) -> [String; 7] {
    let (id, http) = (found.id.to_string(), found.http.to_string());
    match &found.report {
        Ok(report) => {
            let root = report.state_root.chars().take(ROOT_CHARS).collect();
            let height = report.committed_head.height;
            [
                id,
                http,
                report.view.to_string(),
                height.to_string(),
                root,
                report.leader.to_string(),
                note(report, reports),
            ]
        }
        Err(why) => {
            let none = || "-".to_owned();
            [id, http, none(), none(), none(), none(), format!("not reachable: {why}")]
        }
    }
}

/// What is out of the ordinary about a replica, beside the others.
fn note(report: &Report, reports: &[&Report]) -> String {
    let height = report.committed_head.height;
    let highest = reports.iter().map(|other| other.committed_head.height).max().unwrap_or(height);
    let differs =
        |other: &&&Report| other.committed_head.height == height && other.state_root != report.state_root;
    let mut notes = Vec::new();
    if report.halted {
        notes.push("halted".to_owned());
    }
    if !report.member {
        notes.push(format!("not a member in epoch {}", report.epoch));
    }
    if let Some(other) = reports.iter().find(differs) {
        notes.push(format!("DIFFERS from {} at the same height", other.id));
    }
    if highest - height >= LAG_BLOCKS {
        notes.push(format!("{} blocks behind", highest - height));
    }
    notes.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::status::{Head, StatusError};
    use hotstuff_core::ReplicaId;

    fn found(id: u16, height: u64, root: &str) -> Found {
        let committed_head = Head { height, id: "ab".repeat(32) };
        let (id, leader) = (ReplicaId(id), ReplicaId(1));
        let state_root = root.repeat(32);
        let (epoch, member, view, halted) = (2, true, height + 3, false);
        let report = Report { id, epoch, member, view, committed_head, state_root, leader, halted };
        Found { id, http: format!("127.0.0.1:808{}", id.0).parse().unwrap(), report: Ok(report) }
    }

    #[test]
    fn a_healthy_cluster_has_no_notes() {
        let replicas = vec![found(0, 100, "1f"), found(1, 99, "2e"), found(2, 100, "1f")];
        let text = text(&Survey { replicas, quorum_reachable: true, scheme: "http" });
        let expected = "\
REPLICA  HTTP            VIEW  HEIGHT  STATE ROOT    LEADER
r0       127.0.0.1:8080  103   100     1f1f1f1f1f1f  r1
r1       127.0.0.1:8081  102   99      2e2e2e2e2e2e  r1
r2       127.0.0.1:8082  103   100     1f1f1f1f1f1f  r1

3 of 3 replicas are reachable, a quorum.
";
        assert_eq!(text, expected);
    }

    #[test]
    fn who_lags_differs_halted_or_is_away_is_pointed_out() {
        let mut replicas =
            vec![found(0, 100, "1f"), found(1, 92, "2e"), found(2, 100, "3d"), found(3, 0, "")];
        replicas[1].report.as_mut().unwrap().halted = true;
        replicas[2].report.as_mut().unwrap().member = false;
        replicas[3].report = Err(StatusError::Other(ReplicaId(9)));
        let text = text(&Survey { replicas, quorum_reachable: false, scheme: "http" });
        let notes: Vec<&str> = text.lines().map(|line| line.rsplit("  ").next().unwrap()).collect();
        assert_eq!(notes[1], "DIFFERS from r2 at the same height");
        assert_eq!(notes[2], "halted, 8 blocks behind");
        assert_eq!(notes[3], "not a member in epoch 2, DIFFERS from r0 at the same height");
        assert_eq!(notes[4], "not reachable: r9 is there instead");
        assert_eq!(notes[6], "3 of 4 replicas are reachable, no quorum: nothing can be committed.");
    }
}
