//! What to do with the files of a cluster whose replicas run on several hosts, as a text beside them.

use super::Place;
use crate::config::Address;
use hotstuff_core::ReplicaId;
use std::fmt::Write as _;

/// The text for one replica's folder.
pub(super) fn of_replica(id: ReplicaId, place: &Place, replicas: usize) -> String {
    let (peer, http) = (&place.addresses.peer, &place.addresses.http);
    let folder = folder(id);
    format!(
        "{id}, one of {replicas} replicas, for {}\n\
         \n\
         This folder is all that {id} needs beside the program `hotstuff`. The secret key in it must be its owner's\n\
         alone: copy it with its modes kept, and to no other host.\n\
         \n\
         From where this folder was made:\n\
         \n    {}\n\
         \n\
         On {}:\n\
         \n    hotstuff config {folder}/replica.toml             # shows the settings, and checks them\n\
         \x20   hotstuff replica --config {folder}/replica.toml   # runs it, until SIGTERM or Ctrl-C\n\
         \n\
         It listens on {} for the other replicas, who dial {peer}, and on {} for clients and\n\
         browsers, who dial {http}. The first should be open to the other replicas' hosts alone, the second to clients.\n\
         \n\
         Its store is {folder}/data. A replica that has lost its store may forget votes that it has given: never delete it\n\
         to start {id} anew with the same key.\n\
         \n\
         Afterwards:\n\
         \n    hotstuff health --url http://{http}/healthz\n",
        peer.host(),
        copy(id, peer),
        peer.host(),
        place.listen.peer,
        place.listen.http,
    )
}

/// The text for the folder of all.
pub(super) fn of_cluster(places: &[Place]) -> String {
    let mut text = String::from(
        "The files of a new cluster whose replicas run on hosts of their own\n\
         \n\
         One folder a replica, to be copied to its host; each has a README.txt with what to do there. All at once:\n\n",
    );
    for (id, place) in (0..).map(ReplicaId).zip(places) {
        let _ = writeln!(text, "    {}", copy(id, &place.addresses.peer));
    }
    text.push_str(
        "\n\
         `committee.toml` is public and the same everywhere: clients need it, and a key of their own. From here:\n\
         \n    hotstuff status --committee committee.toml\n\
         \x20   hotstuff client --committee committee.toml --key client.key set hello world\n\
         \n\
         `operator.key` changes the committee (`hotstuff change --help`): keep it where no replica is. Once the folders of\n\
         the replicas are where they belong, delete them here: who has their keys can sign as them.\n",
    );
    text
}

fn folder(id: ReplicaId) -> String {
    format!("hotstuff-{id}")
}

/// The command that takes a replica's folder to its host, into the home folder there.
fn copy(id: ReplicaId, peer: &Address) -> String {
    let host = peer.host();
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    format!("scp -pr {id} {host}:{}", folder(id))
}
