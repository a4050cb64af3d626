//! `hotstuff testnet --kubernetes`: its manifests, and pods that are made of them as Kubernetes does.

#![cfg(unix)]

#[path = "kubernetes/pod.rs"]
mod pod;
mod support;

use expect_test::expect_file;
use hotstuff_core::crypto::ClusterId;
use hotstuff_core::{Config, ReplicaId};
use hotstuff_replica::client::health;
use hotstuff_replica::config::{CommitteeFile, NewKey, ReplicaConfig};
use hotstuff_replica::kubernetes::{Manifests, Target};
use hotstuff_replica::testnet::Draft;
use pod::{Cluster, documents, of_kind};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use support::{BOUND, PROGRAM, output, said, until};
use zeroize::Zeroizing;

/// Manifests of a cluster whose id and keys are always the same. They are nobody's.
fn sample() -> Manifests {
    let target = Target::new("registry.example/hotstuff:1.0", "consensus", "20Gi").unwrap();
    let addresses = (0..4).map(|number| target.addresses(ReplicaId(number)).unwrap()).collect();
    let mut seed = 0;
    let draft = Draft::make(ClusterId([7; 32]), addresses, |owner| {
        seed += 1;
        Ok(NewKey::from_seed(&Zeroizing::new([seed; 32]), owner))
    });
    Manifests::new(&draft.unwrap(), &target, Ipv4Addr::UNSPECIFIED.into()).unwrap()
}

/// To be read when they change: `UPDATE_EXPECT=1` writes them anew.
#[test]
fn the_manifests_are_those_that_were_reviewed() {
    let Manifests { public, secret } = sample();
    expect_file!["golden/kubernetes.yaml"].assert_eq(&public);
    expect_file!["golden/kubernetes_secrets.yaml"].assert_eq(&secret);
}

#[test]
fn no_secret_is_outside_the_secrets_and_each_has_one_key() {
    let Manifests { public, secret } = sample();
    let secrets = documents(&secret);
    assert_eq!(secrets.len(), 4);
    for (secret, number) in secrets.iter().zip(0..) {
        assert_eq!(secret["kind"], "Secret");
        assert_eq!(secret["metadata"]["name"], format!("hotstuff-r{number}"));
        let held = secret["stringData"].as_object().unwrap();
        let text = held["replica.key"].as_str().unwrap();
        let key = text.lines().find(|line| !line.starts_with('#')).unwrap();
        assert_eq!((held.len(), key.len()), (1, 64));
        assert!(!public.contains(key));
    }
}

/// What must fit each other, and no schema knows of.
#[test]
fn manifests_go_together() {
    let public = documents(&sample().public);
    let set = &of_kind(&public, "StatefulSet")[0]["spec"];
    let labels = &set["template"]["metadata"]["labels"];
    assert_eq!(&set["selector"]["matchLabels"], labels);
    let services = of_kind(&public, "Service");
    assert!(services.iter().all(|service| &service["spec"]["selector"] == labels));
    let peers = services.iter().find(|service| service["metadata"]["name"] == set["serviceName"]).unwrap();
    assert_eq!(peers["spec"]["clusterIP"], "None");
    assert_eq!(peers["spec"]["publishNotReadyAddresses"], true);
    let budget = &of_kind(&public, "PodDisruptionBudget")[0]["spec"];
    assert_eq!((&budget["selector"]["matchLabels"], &budget["maxUnavailable"]), (labels, &1.into()));
    let policy = &of_kind(&public, "NetworkPolicy")[0]["spec"];
    let peer_rule = &policy["ingress"][0];
    assert_eq!(peer_rule["from"][0]["podSelector"], policy["podSelector"]);
    assert_eq!(&policy["podSelector"]["matchLabels"], labels);

    let pod = &set["template"]["spec"];
    // Its Services would give it variables that are no settings.
    assert_eq!(pod["enableServiceLinks"], false);
    let container = &pod["containers"][0];
    let port = |name: &str| {
        let ports = container["ports"].as_array().unwrap();
        ports.iter().find(|port| port["name"] == name).unwrap()["containerPort"].clone()
    };
    assert_eq!(peer_rule["ports"][0]["port"], port("peer"));
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        assert_eq!(container[probe]["httpGet"]["port"], "http");
    }
    let data = &of_kind(&public, "ConfigMap")[0]["data"];
    let settings: toml::Table = data["replica.toml"].as_str().unwrap().parse().unwrap();
    assert_eq!(settings["listen"]["peer"].as_str(), Some(&*format!("0.0.0.0:{}", port("peer"))));
    assert_eq!(settings["listen"]["http"].as_str(), Some(&*format!("0.0.0.0:{}", port("http"))));
    assert_eq!(settings["key_group"].as_integer(), pod["securityContext"]["fsGroup"].as_i64());
    let committee: toml::Table = data["committee.toml"].as_str().unwrap().parse().unwrap();
    for (member, number) in committee["members"].as_array().unwrap().iter().zip(0..) {
        let host = format!("hotstuff-{number}.hotstuff-peers.consensus.svc");
        assert_eq!(member["peer"].as_str(), Some(&*format!("{host}:{}", port("peer"))));
        assert_eq!(member["http"].as_str(), Some(&*format!("{host}:{}", port("http"))));
    }
    assert_eq!(settings["consensus"], toml::Value::try_from(Config::default()).unwrap());
}

/// Four pods of the template, each with what its own index makes of it, and a client. Names are stood in for by
/// ports of loopback; of what the environment and the files are in a pod, the rest is as there.
#[tokio::test]
async fn pods_of_the_manifests_are_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let mut command = Command::new(PROGRAM);
    command.args(["testnet", "--kubernetes", "--image", "hotstuff", "--out"]).arg(&made);
    let written = command.output().unwrap();
    assert!(written.status.success(), "{written:?}");
    let mut cluster = Cluster::lay_out(&made, &folder.path().join("pods"));
    for index in 0..4 {
        assert_eq!(cluster.keys(index), ["replica.key"], "a pod has its own key and no other");
        cluster.start(index);
    }
    let file = CommitteeFile::load(&cluster.committee).unwrap();
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let path = cluster.container[probe]["httpGet"]["path"].as_str().unwrap().to_owned();
        for at in file.addresses.values() {
            let url = format!("http://{}{path}", at.http);
            until(&format!("{url} answers"), async || health::check(&url, BOUND).await.ok()).await;
        }
    }
    assert_eq!(client(&cluster, &made, &["set", "k", "v"]).await, "OK\n");
    // The pod is deleted, and the next one of that index has the same volume.
    cluster.stop(2);
    assert_eq!(client(&cluster, &made, &["get", "k"]).await, "v\n");
    cluster.start(2);
    let http = &file.addresses[&ReplicaId(2)].http;
    let url = format!("http://{http}/healthz");
    until("r2 is back", async || health::check(&url, BOUND).await.ok()).await;
    cluster.stop(1);
    assert_eq!(client(&cluster, &made, &["set", "k", "w"]).await, "OK\n");
}

async fn client(cluster: &Cluster, made: &Path, words: &[&str]) -> String {
    let mut command = Command::new(PROGRAM);
    command
        .arg("client")
        .arg("--committee")
        .arg(&cluster.committee)
        .arg("--key")
        .arg(made.join("client.key"));
    command.args(words);
    let ended = output(command, b"").await;
    let (code, out, err) = said(&ended);
    assert_eq!(code, Some(0), "{err}");
    out.to_owned()
}

/// The index of a pod is all that tells replicas apart: without it none starts.
#[test]
fn the_files_alone_name_no_replica() {
    let folder = tempfile::tempdir().unwrap();
    let data = of_kind(&documents(&sample().public), "ConfigMap")[0]["data"].clone();
    for (name, text) in data.as_object().unwrap() {
        std::fs::write(folder.path().join(name), text.as_str().unwrap()).unwrap();
    }
    let refused = ReplicaConfig::load(&folder.path().join("replica.toml")).unwrap_err().to_string();
    assert!(refused.contains("HOTSTUFF_ID is not set"), "{refused}");
}
