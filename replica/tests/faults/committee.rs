//! A replica takes another's place while all run, by the commands that an operator has.

use crate::containers::Containers;
use crate::load::Load;
use crate::support::until;
use hotstuff_core::ReplicaId;

/// What must be answered between two changes.
const COMMANDS: u64 = 40;

/// Adds a replica in a container of its own, once it has caught up, and removes `leaving`, which learns that it is
/// out and ends in order. Of those that are left, one is killed and rejoins: the new one is needed for a quorum.
pub async fn replace(containers: &mut Containers, load: &Load, leaving: ReplicaId) -> String {
    let before = containers.ids();
    let epoch = containers.cluster.file.current.epoch().0;
    let joining = containers.join().await;
    let height = containers.height(leaving).await;
    until(&format!("{joining} has caught up"), async || {
        let status = containers.status(joining).await?;
        assert!(!status.member && status.last_voted == 0, "{joining} is no member yet");
        (status.height >= height).then_some(())
    })
    .await;
    load.more(COMMANDS).await;

    let with_new = [&before[..], &[joining]].concat();
    containers.change(&["add", "--id", &joining.0.to_string()], with_new).await;
    containers.cluster.rejoined(joining).await;
    load.more(COMMANDS).await;

    let mut staying = containers.ids();
    staying.retain(|id| *id != leaving);
    containers.change(&["remove", "--id", &leaving.0.to_string()], staying.clone()).await;
    containers.cluster.in_epoch(&[leaving], epoch + 2, false).await;
    containers.act("stop", leaving).await;
    assert_eq!(containers.exit_code(leaving).await, "0", "{leaving} ends in order");
    load.more(COMMANDS).await;

    containers.act("kill", staying[0]).await;
    load.more(COMMANDS).await;
    containers.act("start", staying[0]).await;
    containers.cluster.rejoined(staying[0]).await;
    format!("of {leaving} by {joining}")
}
