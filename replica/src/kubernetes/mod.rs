//! Manifests that run a new cluster on Kubernetes; docs/kubernetes.md tells what each is for.
//!
//! All pods are of one StatefulSet, so they have one template. Which replica a pod is, it learns from its index: the
//! number is in its environment, and by it the one key is mounted that it may have.

mod manifests;
mod stateful_set;
mod target;

pub use manifests::Manifests;
pub use target::{KubernetesError, Options, Target};

/// What all that is made is called, and what the pods' names begin with.
const NAME: &str = "hotstuff";
/// The Service that gives each pod a name of its own.
const PEERS: &str = "hotstuff-peers";
/// The port of links between replicas.
const PEER_PORT: u16 = 7000;
/// The port of clients, observers and browsers.
const HTTP_PORT: u16 = 8080;
/// The user and group that the image runs as, who owns nothing on the node.
const USER: u32 = 10_001;
/// Where the files that all pods share are mounted: what the image has there is hidden.
const CONFIG_FOLDER: &str = "/etc/hotstuff";
/// Where a pod finds its key, and no other.
const KEY_FOLDER: &str = "/keys";
/// Where a pod's volume is.
const DATA_FOLDER: &str = "/data";
