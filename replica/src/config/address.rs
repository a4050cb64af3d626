//! `host:port`, where the host may be a name that only the network knows.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where something listens: a host name or IP address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    host: String,
    port: u16,
}

/// Why text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address of the form host:port")]
pub struct AddressError(String);

impl Address {
    /// The address of `port` at `host`; an IPv6 address may stand with or without brackets.
    ///
    /// # Errors
    /// When the host is empty or holds characters that no host has.
    pub fn new(host: &str, port: u16) -> Result<Self, AddressError> {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let named = !bare.is_empty() && bare.len() <= 253 && bare.chars().all(plain);
        if named || bare.parse::<std::net::Ipv6Addr>().is_ok() {
            Ok(Self { host: bare.to_owned(), port })
        } else {
            Err(AddressError(format!("{host}:{port}")))
        }
    }

    /// The host, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let wrong = || AddressError(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        if host.contains(':') && !host.starts_with('[') {
            return Err(wrong());
        }
        let port = port.parse().map_err(|_| wrong())?;
        Self::new(host, port).map_err(|_| wrong())
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl From<std::net::SocketAddr> for Address {
    fn from(address: std::net::SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_as_they_are_shown() {
        for text in ["127.0.0.1:7000", "r0:8080", "my-host.example_net:1", "[::1]:65535"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn text_that_is_no_address_is_refused() {
        for text in
            ["", "host", ":1", "host:", "host:65536", "::1:80", "a b:1", "http://x:1", "x/y:1", "[x y]:1"]
        {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
