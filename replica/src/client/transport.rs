//! How a client reaches the public ports: in the clear, or by TLS where it was given whom to trust.

use crate::config::{ConfigError, read_pem};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The option that all commands share which talk to public ports.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TransportArguments {
    /// Reach the replicas by TLS, and trust certificates that the authorities in this PEM file have signed.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
}

/// Opens connections to public ports.
#[derive(Clone, Default)]
pub struct Transport(Option<TlsConnector>);

/// An open connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl TransportArguments {
    /// The transport that the command line asks for.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no certificate.
    pub fn transport(&self) -> Result<Transport, ConfigError> {
        self.tls_ca.as_deref().map_or_else(|| Ok(Transport::default()), Transport::trusting)
    }
}

impl Transport {
    /// TLS with whoever has a certificate that an authority in the PEM file `ca` has signed.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no certificate.
    pub fn trusting(ca: &Path) -> Result<Self, ConfigError> {
        let mut roots = RootCertStore::empty();
        for certificate in read_pem::<CertificateDer<'static>>(ca)? {
            let failed = |why: rustls::Error| ConfigError::Pem { path: ca.to_owned(), why: why.to_string() };
            roots.add(certificate).map_err(failed)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the provider has the suites of TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Some(TlsConnector::from(Arc::new(config)))))
    }

    /// What URLs of HTTP begin with.
    #[must_use]
    pub fn http(&self) -> &'static str {
        if self.0.is_some() { "https" } else { "http" }
    }

    /// What URLs of WebSockets begin with.
    #[must_use]
    pub fn ws(&self) -> &'static str {
        if self.0.is_some() { "wss" } else { "ws" }
    }

    /// A connection to `port` of `host`, whose certificate must be for that name or address.
    pub(super) async fn connect(&self, host: &str, port: u16) -> io::Result<Box<dyn Stream>> {
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let Some(connector) = &self.0 else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        Ok(Box::new(connector.connect(name, stream).await?))
    }
}
