//! How many connections there are from each address.

use super::Crowded;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts a port's connections by address.
pub(super) struct Crowd {
    counts: Arc<Mutex<BTreeMap<IpAddr, u32>>>,
    limit: u32,
}

/// One connection's place in the count, left when this is dropped.
pub(super) struct Place {
    counts: Arc<Mutex<BTreeMap<IpAddr, u32>>>,
    address: IpAddr,
}

impl Crowd {
    /// Takes at most `limit` connections from one address.
    pub(super) fn new(limit: u32) -> Self {
        Self { counts: Arc::default(), limit }
    }

    /// Counts a connection from `address`, unless there are too many.
    pub(super) fn enter(&self, address: IpAddr) -> Result<Place, Crowded> {
        let address = network(address);
        let mut counts = lock(&self.counts);
        let count = counts.entry(address).or_default();
        if *count >= self.limit {
            return Err(Crowded::Address { address, limit: self.limit });
        }
        *count += 1;
        Ok(Place { counts: Arc::clone(&self.counts), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: of IPv6 a /64, for whoever has one address there has all of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

fn lock(counts: &Mutex<BTreeMap<IpAddr, u32>>) -> MutexGuard<'_, BTreeMap<IpAddr, u32>> {
    // The counts are whole between any two statements: a panic elsewhere does not spoil them.
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(crowd: &Crowd, address: &str) -> Result<Place, Crowded> {
        crowd.enter(address.parse().unwrap())
    }

    #[test]
    fn each_address_has_its_own_limit_and_leaving_makes_room() {
        let crowd = Crowd::new(2);
        let first = enter(&crowd, "10.0.0.1").unwrap();
        let _second = enter(&crowd, "::ffff:10.0.0.1").unwrap();
        let _other = enter(&crowd, "10.0.0.2").unwrap();
        let full = Crowded::Address { address: "10.0.0.1".parse().unwrap(), limit: 2 };
        assert_eq!(enter(&crowd, "10.0.0.1").err(), Some(full));
        drop(first);
        drop(enter(&crowd, "10.0.0.1").unwrap());
        assert_eq!(lock(&crowd.counts).len(), 2);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let crowd = Crowd::new(1);
        let _place = enter(&crowd, "2001:db8:0:1::1").unwrap();
        assert!(enter(&crowd, "2001:db8:0:1:ffff::2").is_err());
        assert!(enter(&crowd, "2001:db8:0:2::1").is_ok());
    }
}
