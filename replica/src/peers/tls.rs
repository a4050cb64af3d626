//! The encryption under peer links: TLS 1.3 with the replicas' own keys, as raw public keys (RFC 7250).
//! No certificate and no authority: the roster says whose key is whose.
//!
//! There is no resumption and no early data, so that each link begins with a handshake of its own.

mod identity;
mod trust;

use super::roster::Roster;
use crate::fault::{Ended, Fault};
use hotstuff_core::ReplicaId;
use hotstuff_core::crypto::{ClusterId, PublicKey, SecretKey};
use identity::Identity;
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, CommonState, ConnectionCommon, PeerIncompatible,
    ServerConfig,
};
use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};
use trust::Trust;

/// What this protocol is called where the two ends agree on one (ALPN, RFC 7301); the cluster's id follows,
/// so that replicas of different clusters part before anything else is said.
const PROTOCOL: &[u8] = b"hotstuff/1/";
/// The label of the keying material that proofs are bound to (RFC 9266, section 4.2).
const EXPORTER: &[u8] = b"EXPORTER-Channel-Binding";

/// One replica's end of all its encrypted links.
#[derive(Clone)]
pub struct PeerTls {
    own: Arc<CertifiedKey>,
    acceptor: TlsAcceptor,
    roster: watch::Receiver<Arc<Roster>>,
    protocol: Vec<u8>,
}

/// What an encrypted session says of itself, the same at both ends but for the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The key that the other end holds.
    pub key: PublicKey,
    /// Bytes that only the two ends can derive.
    pub channel: [u8; 32],
}

impl fmt::Debug for PeerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerTls under {:?}", self.own.key)
    }
}

impl PeerTls {
    /// The encryption of links between whoever holds `key` and whoever is in the roster at the time.
    #[must_use]
    pub fn new(key: &SecretKey, cluster: &ClusterId, roster: watch::Receiver<Arc<Roster>>) -> Self {
        let raw = CertificateDer::from(identity::spki(&key.public()).as_ref().to_vec());
        let own = Arc::new(CertifiedKey::new(vec![raw], Arc::new(Identity::from(key.clone()))));
        let protocol = [PROTOCOL, &cluster.0].concat();
        let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
        let mut config = config
            .expect("the provider has the suites of TLS 1.3")
            .with_client_cert_verifier(Arc::new(Trust::in_anyone(roster.clone())))
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(Arc::clone(&own))));
        config.alpn_protocols = vec![protocol.clone()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Self { own, acceptor: TlsAcceptor::from(Arc::new(config)), roster, protocol }
    }

    /// Encrypts an accepted connection. The other end holds the key of someone in the roster.
    ///
    /// # Errors
    /// When it does not, is of another cluster, or does not speak TLS.
    pub async fn accept<S>(&self, stream: S) -> Result<(server::TlsStream<S>, Session), Ended>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = self.acceptor.accept(stream).await.map_err(|why| ended(&why))?;
        let session = self.session(stream.get_ref().1)?;
        Ok((stream, session))
    }

    /// Encrypts a connection to `acceptor`, which holds a key that the roster has for it.
    ///
    /// # Errors
    /// When it does not, is of another cluster, or does not speak TLS.
    pub async fn connect<S>(
        &self,
        stream: S,
        acceptor: ReplicaId,
    ) -> Result<(client::TlsStream<S>, Session), Ended>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let config = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
        let mut config = config
            .expect("the provider has the suites of TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Trust::in_one(acceptor, self.roster.clone())))
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(Arc::clone(
                &self.own,
            ))));
        config.alpn_protocols = vec![self.protocol.clone()];
        config.resumption = Resumption::disabled();
        config.enable_sni = false;
        // Whom the key belongs to is all that counts; TLS wants a name and tells it to nobody.
        let name = ServerName::try_from("replica").expect("a word is a name");
        let connector = TlsConnector::from(Arc::new(config));
        let stream = connector.connect(name, stream).await.map_err(|why| ended(&why))?;
        let session = self.session(stream.get_ref().1)?;
        Ok((stream, session))
    }

    fn session<C, Side>(&self, connection: &C) -> Result<Session, Ended>
    where
        C: Deref<Target = ConnectionCommon<Side>>,
    {
        let state: &CommonState = connection;
        // An end that names no protocol is let through by TLS itself.
        if state.alpn_protocol() != Some(&self.protocol) {
            return Err(Fault::OtherCluster.into());
        }
        let raw = state.peer_certificates().and_then(<[_]>::first);
        let key = raw.and_then(|raw| identity::from_spki(raw)).ok_or(Fault::Stranger)?;
        let exported = connection.export_keying_material([0; 32], EXPORTER, None);
        let channel = exported.map_err(|why| Fault::Tls(why.to_string()))?;
        Ok(Session { key, channel })
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What a failed handshake means.
fn ended(error: &io::Error) -> Ended {
    let Some(why) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return Ended::Theirs(error.to_string());
    };
    match why {
        rustls::Error::InvalidMessage(_) => Fault::NotTls.into(),
        rustls::Error::NoApplicationProtocol
        | rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => Fault::OtherCluster.into(),
        rustls::Error::NoCertificatesPresented
        | rustls::Error::PeerIncompatible(PeerIncompatible::IncorrectCertificateTypeExtension)
        | rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure) => {
            Fault::Stranger.into()
        }
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) | rustls::Error::DecryptError => {
            Fault::NotHeld.into()
        }
        rustls::Error::AlertReceived(alert) => Ended::Theirs(format!("TLS alert {alert:?}")),
        other => Fault::Tls(other.to_string()).into(),
    }
}
