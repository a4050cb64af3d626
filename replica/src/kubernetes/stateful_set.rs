//! The pods, one a replica.

use super::manifests::{Manifest, metadata, secret_name, selector};
use super::{CONFIG_FOLDER, DATA_FOLDER, HTTP_PORT, KEY_FOLDER, NAME, PEER_PORT, PEERS, Target, USER};
use hotstuff_core::ReplicaId;
use serde_json::{Value, json};

/// The pods of so many replicas.
pub(super) fn stateful_set(replicas: usize, target: &Target) -> Manifest {
    Manifest {
        api: "apps/v1",
        kind: "StatefulSet",
        metadata: metadata(NAME, target),
        rest: json!({
        "spec": {
            "replicas": replicas,
            "serviceName": PEERS,
            // Alone a replica never becomes ready, so none may wait for the one before.
            "podManagementPolicy": "Parallel",
            // One after the other, each when the one before is ready.
            "updateStrategy": { "type": "RollingUpdate" },
            "minReadySeconds": 5,
            // A replica that lost its store may forget votes.
            "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Retain", "whenScaled": "Retain" },
            "selector": { "matchLabels": selector() },
            "template": {
                "metadata": { "labels": selector() },
                "spec": pod(replicas, target),
            },
            "volumeClaimTemplates": [volume_claim(target)],
        },
        }),
    }
}

fn pod(replicas: usize, target: &Target) -> Value {
    json!({
        // Else the Services give it variables that begin like settings and are none.
        "enableServiceLinks": false,
        "automountServiceAccountToken": false,
        // A replica ends in order in less than five.
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "topologySpreadConstraints": [
            spread("kubernetes.io/hostname", "DoNotSchedule"),
            spread("topology.kubernetes.io/zone", "ScheduleAnyway"),
        ],
        "containers": [container(target)],
        "volumes": [
            { "name": "config", "configMap": { "name": NAME } },
            { "name": "keys", "projected": { "defaultMode": 0o400, "sources": key_sources(replicas) } },
        ],
    })
}

fn container(target: &Target) -> Value {
    json!({
        "name": "replica",
        "image": target.image,
        "args": ["replica", "--config", format!("{CONFIG_FOLDER}/replica.toml")],
        "env": [{
            "name": "HOTSTUFF_ID",
            "valueFrom": { "fieldRef": { "fieldPath": "metadata.labels['apps.kubernetes.io/pod-index']" } },
        }],
        "ports": [
            { "name": "peer", "containerPort": PEER_PORT },
            { "name": "http", "containerPort": HTTP_PORT },
        ],
        "volumeMounts": [
            { "name": "config", "mountPath": CONFIG_FOLDER, "readOnly": true },
            // This replica's key alone.
            { "name": "keys", "mountPath": KEY_FOLDER, "subPathExpr": "r$(HOTSTUFF_ID)", "readOnly": true },
            { "name": "data", "mountPath": DATA_FOLDER },
        ],
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        },
        // No limit of processor time: a replica that is held back misses its turn.
        "resources": {
            "requests": { "cpu": "250m", "memory": "512Mi" },
            "limits": { "memory": "2Gi" },
        },
        // All of a store is checked when it opens, which may take long.
        "startupProbe": probe("/healthz", 5, 120),
        "livenessProbe": probe("/healthz", 10, 6),
        "readinessProbe": probe("/readyz", 5, 2),
    })
}

/// The replica answers within three seconds, or says that it cannot.
fn probe(path: &str, period_seconds: u32, failures: u32) -> Value {
    json!({
        "httpGet": { "path": path, "port": "http" },
        "periodSeconds": period_seconds,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    })
}

/// As many pods in one place as in any other, give or take one.
fn spread(key: &str, otherwise: &str) -> Value {
    json!({
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": otherwise,
        "labelSelector": { "matchLabels": selector() },
    })
}

/// Each replica's key in a folder of its own: one of these is mounted.
fn key_sources(replicas: usize) -> Vec<Value> {
    let source = |id: ReplicaId| {
        json!({ "secret": {
            "name": secret_name(id),
            "items": [{ "key": "replica.key", "path": format!("{id}/replica.key") }],
        } })
    };
    (0..).map(ReplicaId).take(replicas).map(source).collect()
}

fn volume_claim(target: &Target) -> Value {
    let mut claim = json!({
        "metadata": { "name": "data", "labels": selector() },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": { "requests": { "storage": target.storage } },
        },
    });
    if let Some(class) = &target.storage_class {
        claim["spec"]["storageClassName"] = class.as_str().into();
    }
    claim
}
