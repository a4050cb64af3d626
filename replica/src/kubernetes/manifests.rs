//! All manifests of a cluster but the one of its pods.

use super::{
    DATA_FOLDER, HTTP_PORT, KEY_FOLDER, KubernetesError, NAME, PEER_PORT, PEERS, Target, USER, stateful_set,
};
use crate::config::{Listen, ReplicaFile};
use crate::testnet::Draft;
use hotstuff_core::ReplicaId;
use serde::Serialize;
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use zeroize::Zeroizing;

/// Every file begins with it.
const HEADING: &str =
    "# By `hotstuff testnet --kubernetes`; docs/kubernetes.md tells what each part is for.\n";

/// The manifests of a new cluster, as YAML.
pub struct Manifests {
    /// What anyone may read.
    pub public: String,
    /// The replicas' keys, a Secret each.
    pub secret: Zeroizing<String>,
}

impl Manifests {
    /// The manifests of `draft`, whose replicas listen on `listen`.
    ///
    /// # Errors
    /// When they cannot be written as YAML.
    pub fn new(draft: &Draft, target: &Target, listen: IpAddr) -> Result<Self, KubernetesError> {
        let committee = &draft.committee.committee;
        let public = [
            config_map(draft, target, listen),
            peers_service(target),
            client_service(target),
            stateful_set::stateful_set(committee.size(), target),
            disruption_budget(committee.faulty_count_max(), target),
            network_policy(target),
        ];
        let secrets: Vec<Manifest> =
            draft.keys.iter().map(|(id, key)| secret(*id, key.text(), target)).collect();
        Ok(Self { public: yaml(&public)?, secret: Zeroizing::new(yaml(&secrets)?) })
    }
}

/// One object, as it is written down: what it is comes first.
#[derive(Serialize)]
pub(super) struct Manifest {
    #[serde(rename = "apiVersion")]
    pub(super) api: &'static str,
    pub(super) kind: &'static str,
    pub(super) metadata: Value,
    #[serde(flatten)]
    pub(super) rest: Value,
}

/// What the pods are known by.
pub(super) fn selector() -> Value {
    json!({ "app.kubernetes.io/name": NAME })
}

/// The name of the Secret with a replica's key.
pub(super) fn secret_name(id: ReplicaId) -> String {
    format!("{NAME}-{id}")
}

pub(super) fn metadata(name: &str, target: &Target) -> Value {
    json!({ "name": name, "namespace": target.namespace, "labels": selector() })
}

fn config_map(draft: &Draft, target: &Target, listen: IpAddr) -> Manifest {
    let at = |port| SocketAddr::new(listen, port);
    let mut file = ReplicaFile::new(
        0,
        "committee.toml".into(),
        Path::new(KEY_FOLDER).join("replica.key"),
        Path::new(DATA_FOLDER).join("store"),
        Listen { peer: at(PEER_PORT), http: at(HTTP_PORT) },
    );
    file.key_group = Some(USER);
    Manifest {
        api: "v1",
        kind: "ConfigMap",
        metadata: metadata(NAME, target),
        rest: json!({
        "data": {
            "committee.toml": draft.committee.to_text(),
            "replica.toml": file.to_text_without_id(),
        },
        }),
    }
}

/// Gives every pod a name, ready or not: replicas must find each other to become ready.
fn peers_service(target: &Target) -> Manifest {
    Manifest {
        api: "v1",
        kind: "Service",
        metadata: metadata(PEERS, target),
        rest: json!({
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": true,
            "selector": selector(),
            "ports": [
                { "name": "peer", "port": PEER_PORT, "targetPort": "peer" },
                { "name": "http", "port": HTTP_PORT, "targetPort": "http" },
            ],
        },
        }),
    }
}

/// Any replica that is ready: for the page and for proven reads. Clients' commands go to all replicas by name.
fn client_service(target: &Target) -> Manifest {
    Manifest {
        api: "v1",
        kind: "Service",
        metadata: metadata(NAME, target),
        rest: json!({
        "spec": {
            "type": "ClusterIP",
            "selector": selector(),
            "ports": [{ "name": "http", "port": HTTP_PORT, "targetPort": "http" }],
        },
        }),
    }
}

/// No more pods are taken away at once for maintenance than may be faulty.
fn disruption_budget(faulty: usize, target: &Target) -> Manifest {
    Manifest {
        api: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: metadata(NAME, target),
        rest: json!({
        "spec": { "maxUnavailable": faulty, "selector": { "matchLabels": selector() } },
        }),
    }
}

/// Nobody but replicas reaches the peer port. The public port is open to all.
fn network_policy(target: &Target) -> Manifest {
    let pods = json!({ "matchLabels": selector() });
    Manifest {
        api: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: metadata(NAME, target),
        rest: json!({
        "spec": {
            "podSelector": pods,
            "policyTypes": ["Ingress"],
            "ingress": [
                { "from": [{ "podSelector": pods }], "ports": [{ "protocol": "TCP", "port": PEER_PORT }] },
                { "ports": [{ "protocol": "TCP", "port": HTTP_PORT }] },
            ],
        },
        }),
    }
}

fn secret(id: ReplicaId, key: &str, target: &Target) -> Manifest {
    Manifest {
        api: "v1",
        kind: "Secret",
        metadata: metadata(&secret_name(id), target),
        rest: json!({
        "type": "Opaque",
        "immutable": true,
        "stringData": { "replica.key": key },
        }),
    }
}

/// Several documents.
fn yaml(manifests: &[Manifest]) -> Result<String, KubernetesError> {
    let mut text = HEADING.to_owned();
    for (manifest, number) in manifests.iter().zip(0..) {
        if number > 0 {
            text.push_str("---\n");
        }
        let failed = |why: serde_saphyr::ser_error::Error| KubernetesError::Yaml(why.to_string());
        text.push_str(&serde_saphyr::to_string(manifest).map_err(failed)?);
    }
    Ok(text)
}
