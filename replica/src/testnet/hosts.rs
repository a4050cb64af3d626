//! Which replica runs on which host, and at which ports.

use super::{Place, TestnetError};
use crate::config::{Address, Listen, MemberAddresses};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A host that replicas are to run on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Host {
    /// A name in lower case, or an IP address as it is written shortest, without brackets.
    name: String,
    /// Its first peer port, where it is another than the others'.
    peer_port: Option<u16>,
}

/// The first ports of each host, and where to listen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) peer: u16,
    pub(super) http: u16,
    /// The address to listen on; by default all of the host's, of the kind that it is found by.
    pub(super) listen: Option<IpAddr>,
}

impl Host {
    /// Reads `host` or `host:port`, where an IPv6 address with a port stands in brackets.
    pub(super) fn parse(text: &str) -> Result<Self, TestnetError> {
        let wrong = |why| TestnetError::Host { host: text.to_owned(), why };
        if text.is_empty() {
            return Err(wrong("it is empty"));
        }
        let (name, port) =
            split(text).ok_or_else(|| wrong("an IPv6 address with a port stands in brackets"))?;
        let port = port.map(|port| port.parse().ok().filter(|port| *port != 0)).map_or(Ok(None), |port| {
            port.map(Some).ok_or_else(|| wrong("its port is no number from 1 to 65535"))
        })?;
        let name = match name.parse::<IpAddr>() {
            Ok(address) if address.is_unspecified() => {
                return Err(wrong("nobody can be reached at that address"));
            }
            Ok(address) if address.is_multicast() => return Err(wrong("it is a group's address")),
            Ok(IpAddr::V4(_)) | Err(_) if text.starts_with('[') => {
                return Err(wrong("only an IPv6 address stands in brackets"));
            }
            Ok(address) => address.to_string(),
            Err(_) => checked_name(name).map_err(wrong)?,
        };
        Ok(Self { name, peer_port: port })
    }

    /// The address that its replicas listen on by default.
    fn listen(&self) -> IpAddr {
        match self.name.parse() {
            Ok(address @ (IpAddr::V4(_) | IpAddr::V6(_))) if IpAddr::is_loopback(&address) => address,
            Ok(IpAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
            Err(_) if self.name == "localhost" => Ipv4Addr::LOCALHOST.into(),
            Ok(IpAddr::V4(_)) | Err(_) => Ipv4Addr::UNSPECIFIED.into(),
        }
    }
}

/// The hosts of a file: one a line, with empty lines and # comments between them.
pub(super) fn of_file(text: &str) -> Result<Vec<Host>, TestnetError> {
    let line = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    text.lines().map(line).filter(|line| !line.is_empty()).map(|line| Host::parse(&line)).collect()
}

/// Where each of so many replicas runs: in turn on each host, the second one of a host a port further.
pub(super) fn places(
    hosts: &[Host],
    replicas: Option<u16>,
    ports: Ports,
) -> Result<Vec<Place>, TestnetError> {
    if hosts.is_empty() {
        return Err(TestnetError::NoHosts);
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = hosts.iter().find(|host| !names.insert((&host.name, host.peer_port))) {
        return Err(TestnetError::HostTwice(twice.name.clone()));
    }
    let replicas = match replicas.map(usize::from) {
        Some(replicas) => replicas,
        None if hosts.len() < usize::from(super::REPLICAS_MIN) => {
            return Err(TestnetError::FewHosts(hosts.len()));
        }
        None => hosts.len(),
    };
    super::draft::check_count(replicas)?;
    if replicas < hosts.len() {
        return Err(TestnetError::IdleHosts { replicas, hosts: hosts.len() });
    }
    let mut taken = BTreeSet::new();
    let mut places: Vec<Place> = Vec::new();
    for number in 0..replicas {
        let host = &hosts[number % hosts.len()];
        // Public ports are counted by name: a host may be named once for each of its peer ports.
        let before = places.iter().filter(|place| place.addresses.http.host() == host.name).count();
        let further = |base: u16, by: usize| {
            let port = u16::try_from(by).ok().and_then(|by| base.checked_add(by));
            port.ok_or(TestnetError::Ports { base, replicas: u16::try_from(replicas).unwrap_or(u16::MAX) })
        };
        let peer =
            Address::new(&host.name, further(host.peer_port.unwrap_or(ports.peer), number / hosts.len())?)?;
        let http = Address::new(&host.name, further(ports.http, before)?)?;
        for address in [&peer, &http] {
            if !taken.insert(address.clone()) {
                return Err(TestnetError::PortTwice(address.to_string()));
            }
        }
        let any = ports.listen.unwrap_or_else(|| host.listen());
        let listen =
            Listen { peer: SocketAddr::new(any, peer.port()), http: SocketAddr::new(any, http.port()) };
        places.push(Place { addresses: MemberAddresses { peer, http }, listen, data: "data".into() });
    }
    Ok(places)
}

/// Host and port of a text; `None` where it cannot be said where the one ends.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match text.split_once(':') {
        None => Some((text, None)),
        Some(_) if text.parse::<Ipv6Addr>().is_ok() => Some((text, None)),
        Some((host, port)) => (!port.contains(':')).then_some((host, Some(port))),
    }
}

/// A host's name in lower case, where it is one.
fn checked_name(name: &str) -> Result<String, &'static str> {
    let labels: Vec<&str> = name.split('.').collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.len() > 253 || labels.iter().any(|label| label.len() > 63) {
        return Err("it is too long for a name");
    }
    if labels.iter().any(|label| label.is_empty()) {
        return Err("a part of the name is empty");
    }
    if !labels.iter().all(|label| label.chars().all(is_plain)) {
        return Err("it has characters that no name has");
    }
    if labels.iter().any(|label| label.starts_with('-') || label.ends_with('-')) {
        return Err("no part of a name begins or ends with a hyphen");
    }
    if labels.last().is_some_and(|label| label.chars().all(|c| c.is_ascii_digit())) {
        return Err("names do not end with a number, and it is no IP address");
    }
    Ok(name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: Ports = Ports { peer: 7000, http: 8080, listen: None };

    fn hosts(names: &[&str]) -> Vec<Host> {
        names.iter().map(|name| Host::parse(name).unwrap()).collect()
    }

    fn shown(places: &[Place]) -> Vec<String> {
        let show = |place: &Place| {
            let MemberAddresses { peer, http } = &place.addresses;
            format!("{peer} {http} on {} {}", place.listen.peer, place.listen.http)
        };
        places.iter().map(show).collect()
    }

    #[test]
    fn a_replica_a_host_listens_on_all_addresses_of_the_hosts_kind() {
        let hosts = hosts(&[
            "A.example",
            "10.0.0.3:7100",
            "[2001:DB8::1]:7200",
            "2001:db8:0:0::2",
            "localhost",
            "::1",
        ]);
        assert_eq!(
            shown(&places(&hosts, None, PORTS).unwrap()),
            [
                "a.example:7000 a.example:8080 on 0.0.0.0:7000 0.0.0.0:8080",
                "10.0.0.3:7100 10.0.0.3:8080 on 0.0.0.0:7100 0.0.0.0:8080",
                "[2001:db8::1]:7200 [2001:db8::1]:8080 on [::]:7200 [::]:8080",
                "[2001:db8::2]:7000 [2001:db8::2]:8080 on [::]:7000 [::]:8080",
                "localhost:7000 localhost:8080 on 127.0.0.1:7000 127.0.0.1:8080",
                "[::1]:7000 [::1]:8080 on [::1]:7000 [::1]:8080",
            ]
        );
        let dual = Ports { listen: Some(Ipv6Addr::UNSPECIFIED.into()), ..PORTS };
        assert!(shown(&places(&hosts, None, dual).unwrap())[0].ends_with("on [::]:7000 [::]:8080"));
    }

    #[test]
    fn more_replicas_than_hosts_go_round_at_ports_of_their_own() {
        let addresses = |names: &[&str], replicas| {
            let places = places(&hosts(names), Some(replicas), PORTS).unwrap();
            places
                .iter()
                .map(|place| format!("{} {}", place.addresses.peer, place.addresses.http))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            addresses(&["a", "b"], 5),
            ["a:7000 a:8080", "b:7000 b:8080", "a:7001 a:8081", "b:7001 b:8081", "a:7002 a:8082"]
        );
        assert_eq!(addresses(&["a:1", "a:9"], 4), ["a:1 a:8080", "a:9 a:8081", "a:2 a:8082", "a:10 a:8083"]);
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            ":7000",
            "a:",
            "a:0",
            "a:65536",
            "a:b",
            "a:1:2",
            "[::1",
            "[::1]7",
            "[a]:1",
            "[1.2.3.4]:1",
            "0.0.0.0",
            "::",
            "[::]:7000",
            "224.0.0.1",
            "ff02::1",
            "a..b",
            ".a",
            "a.",
            "-a",
            "a-",
            "a b",
            "a/b",
            "http://a",
            "10.0.0.300",
            "10",
            "ä.example",
            "a@b",
            "*",
        ] {
            assert!(matches!(Host::parse(text), Err(TestnetError::Host { .. })), "{text}");
        }
        assert!(matches!(Host::parse(&"a".repeat(64)), Err(TestnetError::Host { .. })));
    }

    #[test]
    fn hosts_and_replicas_that_do_not_go_together_are_refused() {
        let refused = |names: &[&str], replicas, ports| places(&hosts(names), replicas, ports).unwrap_err();
        assert!(matches!(refused(&[], None, PORTS), TestnetError::NoHosts));
        assert!(matches!(refused(&["a", "b", "A", "c"], None, PORTS), TestnetError::HostTwice(_)));
        assert!(matches!(refused(&["::1", "[0::1]", "c", "d"], None, PORTS), TestnetError::HostTwice(_)));
        assert!(matches!(refused(&["a", "b", "c"], None, PORTS), TestnetError::FewHosts(3)));
        assert!(matches!(refused(&["a", "b", "c"], Some(3), PORTS), TestnetError::TooFew(3)));
        assert!(matches!(
            refused(&["a", "b", "c", "d", "e"], Some(4), PORTS),
            TestnetError::IdleHosts { .. }
        ));
        assert!(matches!(refused(&["a"], Some(257), PORTS), TestnetError::TooMany(257)));
        let last = Ports { peer: 65_535, ..PORTS };
        assert!(matches!(refused(&["a", "b"], Some(4), last), TestnetError::Ports { .. }));
        let meeting = Ports { peer: 8_079, ..PORTS };
        assert!(matches!(refused(&["a", "b"], Some(4), meeting), TestnetError::PortTwice(_)));
        assert!(matches!(refused(&["a:1", "a:2"], Some(4), PORTS), TestnetError::PortTwice(_)));
    }

    #[test]
    fn a_file_names_one_host_a_line() {
        let text = "# our hosts\na.example\n\n  10.0.0.3:7100   # the fast one\n";
        assert_eq!(of_file(text).unwrap(), hosts(&["a.example", "10.0.0.3:7100"]));
        assert!(of_file("a, b\n").is_err());
    }
}
