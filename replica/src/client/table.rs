//! What `hotstuff status` prints for people.

use super::status::{Found, Report, Survey};
use std::fmt::Write;

/// How much of a state root is shown.
const ROOT_CHARS: usize = 12;

/// The survey as a table, what is out of the ordinary below it, and a line on what all that means.
pub(super) fn text(survey: &Survey) -> String {
    let reports: Vec<&Report> =
        survey.replicas.iter().filter_map(|found| found.report.as_ref().ok()).collect();
    let header = ["REPLICA", "HTTP", "VIEW", "HEIGHT", "STATE ROOT", "LEADER"].map(str::to_owned);
    let mut rows = vec![header];
    rows.extend(survey.replicas.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text.push('\n');
    let said = survey.replicas.iter().flat_map(|found| found.why.iter().map(move |why| (found.id, why)));
    let (alarms, others): (Vec<_>, Vec<_>) = said.partition(|(_, why)| why.is_alarm());
    for (id, why) in alarms.iter().chain(&others) {
        writeln!(text, "{id}: {why}").expect("a string takes it");
    }
    if !(alarms.is_empty() && others.is_empty()) {
        text.push('\n');
    }
    let (reachable, all) = (reports.len(), survey.replicas.len());
    let meaning = if survey.quorum_reachable { "a quorum" } else { "no quorum: nothing can be committed" };
    writeln!(text, "{reachable} of {all} replicas are reachable, {meaning}.").expect("a string takes it");
    text
}

fn row(found: &Found) -> [String; 6] {
    let (id, http) = (found.id.to_string(), found.http.to_string());
    match &found.report {
        Ok(report) => {
            let root = report.state_root.chars().take(ROOT_CHARS).collect();
            let height = report.committed_head.height.to_string();
            [id, http, report.view.to_string(), height, root, report.leader.to_string()]
        }
        Err(_) => {
            let none = || "-".to_owned();
            [id, http, none(), none(), none(), none()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::status::{Head, StatusError};
    use crate::client::why::Why;
    use hotstuff_core::ReplicaId;

    fn found(id: u16, height: u64, root: &str) -> Found {
        let committed_head = Head { height, id: "ab".repeat(32) };
        let (id, leader) = (ReplicaId(id), ReplicaId(1));
        let report = Report {
            id,
            epoch: 2,
            member: true,
            view: height + 3,
            committed_head,
            state_root: root.repeat(32),
            leader,
            halted: false,
            fetching: false,
            last_voted: 0,
            timeouts: 0,
            store_syncing_us: 0,
            peers: None,
            version: String::new(),
        };
        let http = format!("127.0.0.1:808{}", id.0).parse().unwrap();
        Found { id, http, report: Ok(report), why: Vec::new() }
    }

    #[test]
    fn of_a_healthy_cluster_there_is_nothing_to_say() {
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
    fn alarms_are_told_first_and_then_the_rest_by_replica() {
        let mut replicas = vec![found(0, 92, "1f"), found(1, 100, "2e"), found(2, 0, "")];
        replicas[0].why = vec![Why::Halted, Why::BlocksBehind { blocks: 8 }];
        replicas[1].why = vec![Why::StateDiffers { from: ReplicaId(3), height: 100 }];
        replicas[2].report = Err(StatusError::Other(ReplicaId(9)));
        replicas[2].why = vec![Why::Unreachable { error: "r9 is there instead".into() }];
        let text = text(&Survey { replicas, quorum_reachable: false, scheme: "http" });
        let expected = "\
REPLICA  HTTP            VIEW  HEIGHT  STATE ROOT    LEADER
r0       127.0.0.1:8080  95    92      1f1f1f1f1f1f  r1
r1       127.0.0.1:8081  103   100     2e2e2e2e2e2e  r1
r2       127.0.0.1:8082  -     -       -             -

r1: ALARM: DIFFERS from r3 at the same height 100
r0: halted: it has proof that more than f replicas are faulty
r0: 8 blocks behind
r2: not reachable: r9 is there instead

2 of 3 replicas are reachable, no quorum: nothing can be committed.
";
        assert_eq!(text, expected);
    }
}
