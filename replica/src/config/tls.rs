//! The certificate and key files of TLS on the public port.

use super::{ConfigError, file, key};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a replica shows on its public port. Never printed.
#[derive(Clone)]
pub struct PublicTls(pub(crate) Arc<ServerConfig>);

impl PublicTls {
    /// Reads a certificate chain, the replica's own first, and its key, both PEM.
    ///
    /// # Errors
    /// When a file cannot be read, the key is open to others than its owner (Unix), or the two do not
    /// belong together.
    pub fn load(certificates: &Path, key: &Path) -> Result<Self, ConfigError> {
        Self::load_shared(certificates, key, None)
    }

    /// The same with a key that a `group` may read as well as its owner, if one is named.
    pub(super) fn load_shared(
        certificates: &Path,
        key: &Path,
        group: Option<u32>,
    ) -> Result<Self, ConfigError> {
        let wrong = |path: &Path, why: String| ConfigError::Pem { path: path.to_owned(), why };
        let chain = read_pem::<CertificateDer<'static>>(certificates)?;
        let text = {
            let file =
                File::open(key).map_err(|source| ConfigError::Read { path: key.to_owned(), source })?;
            key::check_mode(key, &file, group)?;
            Zeroizing::new(file::read_open(key, file)?)
        };
        // What stands in the file is a secret, so no error quotes it.
        let secret = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| wrong(key, "no private key in PEM".into()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the provider has the suites of TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(|why| wrong(certificates, why.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

impl fmt::Debug for PublicTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicTls")
    }
}

/// All items of one kind in a PEM file; at least one.
pub(crate) fn read_pem<T: PemObject>(path: &Path) -> Result<Vec<T>, ConfigError> {
    let wrong = |why: String| ConfigError::Pem { path: path.to_owned(), why };
    let text = file::read(path)?;
    let items: Result<Vec<T>, _> = T::pem_slice_iter(text.as_bytes()).collect();
    let items = items.map_err(|why| wrong(why.to_string()))?;
    if items.is_empty() { Err(wrong("no certificate in PEM".into())) } else { Ok(items) }
}
