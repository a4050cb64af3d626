//! What an operator does to a cluster's committee, by the commands that an operator has.

use super::{Cluster, PROGRAM, output, said, until};
use hotstuff_core::ReplicaId;
use std::process::Command;

impl Cluster {
    /// Has `hotstuff joiner` write the files of `id`, which is to be found at `peer` and `http`, and returns the row
    /// for the committee file.
    pub async fn joiner(&mut self, id: ReplicaId, peer: &str, http: &str) -> String {
        let folder = self.folder.path().join("testnet").join(id.to_string());
        let mut command = Command::new(PROGRAM);
        command.arg("joiner").arg("--committee").arg(&self.testnet.committee).arg("--out").arg(&folder);
        command.args(["--id", &id.0.to_string(), "--peer", peer, "--http", http]);
        let made = output(command, b"").await;
        let (code, row, stderr) = said(&made);
        assert_eq!(code, Some(0), "{stderr}");
        self.testnet.replicas.insert(id, folder.join("replica.toml"));
        row.to_owned()
    }

    /// Has `hotstuff change` make a change, and adds to the committee file what it says.
    pub async fn change(&mut self, arguments: &[&str]) {
        let mut command = Command::new(PROGRAM);
        command.arg("change").arg("--committee").arg(&self.testnet.committee).args(["--timeout", "60"]);
        command.arg("--key").arg(&self.testnet.operator_key).args(arguments);
        let made = output(command, b"").await;
        let (code, row, stderr) = said(&made);
        assert_eq!(code, Some(0), "{stderr}");
        self.append_to_committee(row);
    }

    /// Waits until all of `ids` are in `epoch`, as members or not.
    pub async fn in_epoch(&self, ids: &[ReplicaId], epoch: u64, member: bool) {
        for id in ids {
            until(&format!("{id} is in epoch {epoch}, a member: {member}"), async || {
                let status = self.status(*id).await?;
                (status.epoch == epoch && status.member == member).then_some(())
            })
            .await;
        }
    }
}
