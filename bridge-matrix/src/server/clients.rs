// SPDX-License-Identifier: AGPL-3.0-or-later
//! How many requests each client address has.
//!
//! Rule: the table is bounded; when it is full, those who are not in it share one budget. Who has asked for
//! nothing in a minute is forgotten.

use std::collections::HashMap;
use std::net::IpAddr;

use bridge_model::Timestamp;

/// Addresses that are told apart.
const MOST: usize = 4096;
const MINUTE_MS: i64 = 60_000;

/// The budgets. Nothing of it is written anywhere.
pub(super) struct Clients {
    per_minute: u32,
    /// When those who had asked for nothing lately were forgotten.
    swept: Timestamp,
    by_address: HashMap<Option<Address>, Budget>,
}

/// An IPv4 address, or the network of an IPv6 address, of which one person has many.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Address(u64);

/// In thousandths of a request.
struct Budget {
    left: i64,
    at: Timestamp,
}

impl Clients {
    /// That many for each.
    pub(super) fn per_minute(per_minute: u32) -> Self {
        Self { per_minute, swept: Timestamp(0), by_address: HashMap::new() }
    }

    /// Counts a request; how many seconds to wait instead, if that was too much.
    pub(super) fn take(&mut self, address: IpAddr, now: Timestamp) -> Option<i64> {
        let most = i64::from(self.per_minute).saturating_mul(1000);
        let refilled = |budget: &Budget| {
            let passed = now.0.saturating_sub(budget.at.0).clamp(0, MINUTE_MS);
            budget.left.saturating_add(passed.saturating_mul(most) / MINUTE_MS).min(most)
        };
        let mut key = Some(Address::of(address));
        if !(0..MINUTE_MS).contains(&now.0.saturating_sub(self.swept.0)) {
            self.swept = now;
            self.by_address.retain(|_, budget| refilled(budget) < most);
        }
        if !self.by_address.contains_key(&key) && self.by_address.len() >= MOST {
            key = None;
        }
        let budget = self.by_address.entry(key).or_insert(Budget { left: most, at: now });
        *budget = Budget { left: refilled(budget), at: now };
        match budget.left.checked_sub(1000).filter(|left| *left >= 0) {
            Some(left) => {
                budget.left = left;
                None
            }
            None => {
                let lacks = 1000_i64.saturating_sub(budget.left);
                Some((lacks.saturating_mul(MINUTE_MS) / most.max(1) / 1000).saturating_add(1))
            }
        }
    }
}

impl Address {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u64::from(address.to_bits())),
            IpAddr::V6(address) => {
                let network = u64::try_from(address.to_bits() >> 64).unwrap_or_default();
                // No network of IPv6 begins like that.
                Self(network | 1 << 63)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_its_own_requests_which_come_back() {
        let mut clients = Clients::per_minute(2);
        for one in ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:1::1"] {
            let one = address(one);
            assert_eq!(clients.take(one, NOW), None);
            assert_eq!(clients.take(one, NOW), None);
            assert_eq!(clients.take(one, NOW), Some(31));
            assert_eq!(clients.take(one, Timestamp(NOW.0 + 30_000)), None);
            assert!(clients.take(one, Timestamp(NOW.0 + 30_000)).is_some());
        }
    }

    #[test]
    fn one_network_of_ipv6_is_one_client_and_a_mapped_address_is_that_of_ipv4() {
        let mut clients = Clients::per_minute(1);
        assert_eq!(clients.take(address("2001:db8::1"), NOW), None);
        assert!(clients.take(address("2001:db8::ffff:2"), NOW).is_some());
        assert_eq!(clients.take(address("192.0.2.1"), NOW), None);
        assert!(clients.take(address("::ffff:192.0.2.1"), NOW).is_some());
    }

    #[test]
    fn more_addresses_than_fit_share_what_one_has() {
        let mut clients = Clients::per_minute(1);
        for number in 0..10_000_u32 {
            let refused = clients.take(IpAddr::V4(number.into()), NOW).is_some();
            assert_eq!(refused, number > u32::try_from(MOST).unwrap(), "{number}");
        }
        assert!(clients.by_address.len() <= MOST + 1);
        let later = Timestamp(NOW.0 + MINUTE_MS);
        assert_eq!(clients.take(address("192.0.2.1"), later), None);
        assert_eq!(clients.by_address.len(), 1);
    }
}
