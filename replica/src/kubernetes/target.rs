//! What a cluster on Kubernetes is made for: image, namespace, volumes.

use super::{HTTP_PORT, NAME, PEER_PORT, PEERS};
use crate::config::{Address, AddressError, MemberAddresses};
use hotstuff_core::ReplicaId;

/// The options of `hotstuff testnet` that go with `--kubernetes`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Kubernetes")]
pub struct Options {
    /// Write manifests: a StatefulSet and what it needs
    #[arg(long, requires = "image")]
    kubernetes: bool,
    /// The image of the program, which `docker build .` makes
    #[arg(long, value_name = "IMAGE", requires = "kubernetes", value_parser = image)]
    image: Option<String>,
    /// The namespace of all that is made
    #[arg(long, value_name = "NAME", requires = "kubernetes", default_value = "hotstuff", value_parser = label)]
    namespace: String,
    /// How large each replica's volume is
    #[arg(long, value_name = "SIZE", requires = "kubernetes", default_value = "20Gi", value_parser = size)]
    storage: String,
    /// The class of these volumes; by default the one that Kubernetes is set up to use
    #[arg(long, value_name = "NAME", requires = "kubernetes", value_parser = class)]
    storage_class: Option<String>,
}

/// What a cluster on Kubernetes is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(super) image: String,
    pub(super) namespace: String,
    pub(super) storage: String,
    pub(super) storage_class: Option<String>,
}

/// Why there are no manifests.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    /// They cannot be written as YAML.
    #[error("cannot write manifests: {0}")]
    Yaml(String),
}

impl Options {
    /// What is asked for, if manifests are.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let image = self.image.clone().filter(|_| self.kubernetes)?;
        let Self { namespace, storage, storage_class, .. } = self;
        Some(Target {
            image,
            namespace: namespace.clone(),
            storage: storage.clone(),
            storage_class: storage_class.clone(),
        })
    }
}

impl Target {
    /// Volumes of the default class.
    ///
    /// # Errors
    /// What is wrong with the image, the namespace or the size.
    pub fn new(image_name: &str, namespace: &str, storage: &str) -> Result<Self, String> {
        Ok(Self {
            image: image(image_name)?,
            namespace: label(namespace)?,
            storage: size(storage)?,
            storage_class: None,
        })
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Where a replica is found from anywhere in the same Kubernetes: under its pod's own name.
    ///
    /// # Errors
    /// Never with names of Kubernetes.
    pub fn addresses(&self, id: ReplicaId) -> Result<MemberAddresses, AddressError> {
        let host = format!("{NAME}-{}.{PEERS}.{}.svc", id.0, self.namespace);
        Ok(MemberAddresses { peer: Address::new(&host, PEER_PORT)?, http: Address::new(&host, HTTP_PORT)? })
    }
}

fn image(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    let good = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain);
    good.then(|| text.to_owned())
        .ok_or_else(|| "an image has a name like registry.example/hotstuff:1.0".to_owned())
}

fn label(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = !text.is_empty()
        && text.len() <= 63
        && text.chars().all(is_plain)
        && !text.starts_with('-')
        && !text.ends_with('-');
    good.then(|| text.to_owned())
        .ok_or_else(|| "a namespace has at most 63 small letters, digits and hyphens inside".to_owned())
}

fn class(text: &str) -> Result<String, String> {
    let good = text.len() <= 253 && text.split('.').all(|part| label(part).is_ok());
    good.then(|| text.to_owned())
        .ok_or_else(|| "a class has a name of small letters, digits, hyphens and dots".to_owned())
}

fn size(text: &str) -> Result<String, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &text[..text.len() - unit.len()];
    let good = number.parse::<u64>().is_ok_and(|number| number > 0)
        && ["Mi", "Gi", "Ti", "M", "G", "T"].contains(&unit);
    good.then(|| text.to_owned()).ok_or_else(|| "a size is a number and Mi, Gi or Ti, as 20Gi".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sizes_that_kubernetes_would_refuse_are_refused() {
        let target = |image, namespace, size| Target::new(image, namespace, size);
        assert!(target("registry.example:5000/a/hotstuff:1.0", "a-1", "20Gi").is_ok());
        for wrong in ["", ":1", "a b", "a;b", "-a"] {
            assert!(target(wrong, "a", "1Gi").is_err(), "{wrong}");
        }
        let long = "a".repeat(64);
        for wrong in ["", "A", "-a", "a-", "a.b", "a_b", &long] {
            assert!(target("i", wrong, "1Gi").is_err(), "{wrong}");
        }
        for wrong in ["", "Gi", "0Gi", "20", "1.5Gi", "20GB", "-1Gi", "20 Gi"] {
            assert!(target("i", "a", wrong).is_err(), "{wrong}");
        }
        assert!(class("fast.example").is_ok() && class("Fast").is_err() && class("a..b").is_err());
    }
}
