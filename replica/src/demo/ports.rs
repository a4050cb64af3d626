//! Ports that nobody listens on, found before anything is started.

use super::error::DemoError;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;

/// Where ports of no meaning are looked for: not in the range that systems give to outgoing
/// connections, one of which could take a port between the search and its use.
const ANY: Range<u16> = 10_000..32_000;

/// An address that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    pub(super) address: SocketAddr,
    _listener: TcpListener,
}

/// Takes `address`, whose port may be 0 for any.
pub(super) fn reserve(address: SocketAddr) -> Result<Reserved, DemoError> {
    let bound = TcpListener::bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
    match bound {
        Ok((address, listener)) => Ok(Reserved { address, _listener: listener }),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(DemoError::PortInUse(address)),
        Err(source) => Err(DemoError::Port { address, source }),
    }
}

/// Takes `count` ports of loopback from `first` on.
pub(super) fn reserve_range(first: u16, count: u16) -> Result<Vec<Reserved>, DemoError> {
    let wrong = || DemoError::PortRange { first, replicas: count };
    (0..count).map(|offset| reserve(loopback(first.checked_add(offset).ok_or_else(wrong)?))).collect()
}

/// Takes `count` ports of loopback, whichever are free, as long as there are some in [`ANY`].
pub(super) fn reserve_any(count: u16) -> Result<Vec<Reserved>, DemoError> {
    let length = usize::from(ANY.end - ANY.start);
    let start = getrandom::u32().unwrap_or(0) as usize % length;
    let mut candidates = ANY.cycle().skip(start).take(length);
    let mut next = || {
        let free = candidates.find_map(|port| reserve(loopback(port)).ok());
        free.ok_or(DemoError::NoPorts { count })
    };
    (0..count).map(|_| next()).collect()
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_named() {
        let taken = reserve(loopback(0)).unwrap();
        let refused = reserve(taken.address).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("port {} is in use", taken.address.port())), "{refused}");
        let address = taken.address;
        drop(taken);
        assert_eq!(reserve(address).unwrap().address, address);
    }

    #[test]
    fn ports_end_at_65535() {
        assert!(matches!(
            reserve_range(65_534, 4),
            Err(DemoError::PortRange { .. } | DemoError::PortInUse(_))
        ));
        let any = reserve_any(10).unwrap();
        assert!(any.iter().all(|reserved| ANY.contains(&reserved.address.port())));
    }
}
