//! Whose web pages may talk to a replica. Programs that are no browsers name no origin, and may.

use crate::config::MemberAddresses;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HOST, ORIGIN, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};

/// The origins whose pages may connect: those of the committee's replicas, of this replica where
/// it was reached by an IP address, and those that are configured. A name that is neither does not
/// count, even when the page came from here under it: whoever owns the name may have pointed it
/// here to speak through a visitor's browser (DNS rebinding).
#[derive(Debug)]
pub struct Origins {
    configured: BTreeSet<String>,
    members: RwLock<BTreeSet<String>>,
    scheme: Scheme,
}

/// How this replica's own pages are fetched.
#[derive(Clone, Copy, Debug)]
enum Scheme {
    Http,
    Https,
}

/// The page's origin may not connect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pages of {0:?} may not connect to this replica: see allowed_origins in replica.toml")]
pub struct OriginRefused(String);

impl Origins {
    /// The origins of a committee's addresses and `configured` ones. Where the public port `is_encrypted`,
    /// pages that came in the clear do not count: anyone on their way may have changed them.
    #[must_use]
    pub fn new<'a>(
        is_encrypted: bool,
        members: impl IntoIterator<Item = &'a MemberAddresses>,
        configured: impl IntoIterator<Item = String>,
    ) -> Self {
        let configured = configured.into_iter().map(|origin| origin.to_ascii_lowercase()).collect();
        let scheme = if is_encrypted { Scheme::Https } else { Scheme::Http };
        let origins = Self { configured, members: RwLock::default(), scheme };
        origins.follow(members);
        origins
    }

    /// Takes the replicas' addresses in place of those before.
    pub fn follow<'a>(&self, members: impl IntoIterator<Item = &'a MemberAddresses>) {
        let mut origins = BTreeSet::new();
        let scheme = self.scheme;
        for member in members {
            let port = member.http.port();
            let is_loopback = matches!(member.http.host(), "127.0.0.1" | "::1" | "localhost");
            let names: &[&str] = if is_loopback { &["127.0.0.1", "[::1]", "localhost"] } else { &[] };
            origins.extend(names.iter().map(|name| scheme.origin(&format!("{name}:{port}"))));
            origins.insert(scheme.origin(&member.http.to_string().to_ascii_lowercase()));
        }
        // The set is whole between any two statements: a panic elsewhere does not spoil it.
        *self.members.write().unwrap_or_else(PoisonError::into_inner) = origins;
    }

    /// Whether a request with these headers may be answered; gives the origin that it named.
    ///
    /// # Errors
    /// When it comes from a page of another origin.
    pub fn check(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, OriginRefused> {
        let Some(named) = headers.get(ORIGIN) else { return Ok(None) };
        let text = String::from_utf8_lossy(named.as_bytes()).to_ascii_lowercase();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_ascii_lowercase);
        let secure = text.strip_prefix(Scheme::Https.start());
        // In front of a port in the clear there may be a proxy that encrypts.
        let own = match self.scheme {
            Scheme::Https => secure,
            Scheme::Http => secure.or_else(|| text.strip_prefix(Scheme::Http.start())),
        };
        let own = own.filter(|own| is_numeric(own));
        let is_member = self.members.read().unwrap_or_else(PoisonError::into_inner).contains(&text);
        if is_member || self.configured.contains(&text) || (own.is_some() && own == host.as_deref()) {
            Ok(Some(named.clone()))
        } else {
            Err(OriginRefused(text))
        }
    }

    /// Adds to `response` that pages of the request's origin may read it, where they may.
    #[must_use]
    pub fn share(&self, headers: &HeaderMap, mut response: Response) -> Response {
        response.headers_mut().insert(VARY, HeaderValue::from_static("origin"));
        if let Ok(Some(origin)) = self.check(headers) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        response
    }
}

impl IntoResponse for OriginRefused {
    fn into_response(self) -> Response {
        (StatusCode::FORBIDDEN, format!("{self}\n")).into_response()
    }
}

/// Whether `host`, perhaps with a port, is an IP address or this machine itself.
fn is_numeric(host: &str) -> bool {
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    };
    let bare = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(bare);
    bare == "localhost" || bare.parse::<IpAddr>().is_ok()
}

impl Scheme {
    fn start(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }

    /// The origin of pages served at `address`. Browsers leave the scheme's own port out.
    fn origin(self, address: &str) -> String {
        let port = match self {
            Self::Http => ":80",
            Self::Https => ":443",
        };
        format!("{}{}", self.start(), address.strip_suffix(port).unwrap_or(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: Option<&str>, host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn pages_of_the_cluster_and_of_configured_origins_may_and_others_may_not() {
        let member = |http: &str| MemberAddresses {
            peer: "127.0.0.1:7000".parse().unwrap(),
            http: http.parse().unwrap(),
        };
        let members = [member("127.0.0.1:8080"), member("Example.net:80")];
        let origins = Origins::new(false, &members, ["https://Else.org".to_owned()]);
        let may = |origin: Option<&str>, host: &str| origins.check(&headers(origin, host)).is_ok();
        assert!(may(None, "127.0.0.1:8081"));
        assert!(may(Some("http://127.0.0.1:8080"), "127.0.0.1:8081"));
        assert!(may(Some("http://localhost:8080"), "127.0.0.1:8081"));
        assert!(may(Some("http://example.net"), "127.0.0.1:8081"));
        assert!(may(Some("https://else.org"), "127.0.0.1:8081"));
        assert!(may(Some("http://10.0.0.1:9"), "10.0.0.1:9"));
        assert!(may(Some("http://10.0.0.1"), "10.0.0.1"));
        assert!(may(Some("http://[::1]:7"), "[::1]:7"));
        assert!(may(Some("http://localhost:7"), "localhost:7"));
        assert!(!may(Some("http://rebound.net:8080"), "rebound.net:8080"));
        assert!(!may(Some("http://evil.net"), "127.0.0.1:8081"));
        assert!(!may(Some("http://127.0.0.1:9999"), "127.0.0.1:8081"));
        assert!(!may(Some("http://localhost"), "127.0.0.1:8081"));
        assert!(!may(Some("null"), "127.0.0.1:8081"));
        assert!(may(Some("https://10.0.0.1:9"), "10.0.0.1:9"));
    }

    #[test]
    fn where_the_port_is_encrypted_pages_in_the_clear_may_not() {
        let addresses = ["127.0.0.1:8080", "example.net:443"];
        let members = addresses.map(|http| MemberAddresses {
            peer: "127.0.0.1:7000".parse().unwrap(),
            http: http.parse().unwrap(),
        });
        let origins = Origins::new(true, &members, []);
        let may = |origin: &str, host: &str| origins.check(&headers(Some(origin), host)).is_ok();
        assert!(may("https://127.0.0.1:8080", "127.0.0.1:8081"));
        assert!(may("https://example.net", "127.0.0.1:8081"));
        assert!(may("https://10.0.0.1:9", "10.0.0.1:9"));
        for clear in ["http://127.0.0.1:8080", "http://example.net", "http://localhost:8080"] {
            assert!(!may(clear, "127.0.0.1:8080"), "{clear}");
        }
        assert!(!may("http://10.0.0.1:9", "10.0.0.1:9"));
    }
}
