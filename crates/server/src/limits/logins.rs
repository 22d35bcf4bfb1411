//! How often a log-in may be tried: by name and address together, so that nobody locks another out from elsewhere,
//! and by address, so that nobody tries many names.
//!
//! Trying counts before it is known how it ends, or many at once would be free; what was right is forgotten.

use std::net::IpAddr;
use std::sync::PoisonError;

use tokio::time::Instant;

use super::{Limited, Limits, network};

/// Tries that cost nothing but the time of a hash.
const FREE: u32 = 5;
/// The first wait, doubled by every further failure.
const WAIT_MICROS: u64 = 2_000_000;
/// The longest wait: a quarter of an hour.
const LONGEST_MICROS: u64 = 900_000_000;
/// How long failures are remembered.
const KEPT_MICROS: u64 = 3_600_000_000;
/// Tries of an address by the minute, whatever the names.
const ADDRESS_PER_MINUTE: u32 = 30;

/// Failures of one name from one address.
#[derive(Clone, Copy, Default)]
pub(super) struct Failures {
    count: u32,
    last: u64,
}

impl Failures {
    /// When the next try may be.
    fn next(self) -> u64 {
        let Some(beyond) = self.count.checked_sub(FREE) else { return 0 };
        let wait = WAIT_MICROS.checked_shl(beyond).unwrap_or(LONGEST_MICROS).min(LONGEST_MICROS);
        self.last.saturating_add(wait)
    }
}

impl Limits {
    /// Whether a log-in may be tried; it counts as one that failed until [`Limits::logged_in`].
    pub(crate) fn try_log_in(
        &self,
        address: IpAddr,
        name: &str,
        now: Instant,
    ) -> Result<(), Limited> {
        let at = self.micros(now);
        let network = network(address);
        self.log_ins_of_address.take(self.key(network), ADDRESS_PER_MINUTE, at)?;
        let key = self.key((network, name));
        let mut all = self.log_ins.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failures = all.get(key).copied().unwrap_or_default();
        if at.saturating_sub(failures.last) >= KEPT_MICROS {
            failures = Failures::default();
        }
        if failures.next() > at {
            return Err(Limited((failures.next() - at).div_ceil(1_000_000)));
        }
        all.insert(key, Failures { count: failures.count.saturating_add(1), last: at });
        Ok(())
    }

    /// It was right.
    pub(crate) fn logged_in(&self, address: IpAddr, name: &str) {
        let key = self.key((network(address), name));
        let mut all = self.log_ins.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key, Failures::default());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config;

    #[test]
    fn who_guesses_waits_longer_and_longer_and_nobody_else_does() {
        let limits = Limits::new(config::Limits::default());
        let (bad, good): (IpAddr, IpAddr) =
            ("192.0.2.1".parse().unwrap(), "198.51.100.1".parse().unwrap());
        let mut now = Instant::now();
        let mut waited = Vec::new();
        for _ in 0..20 {
            while let Err(Limited(seconds)) = limits.try_log_in(bad, "owner", now) {
                waited.push(seconds);
                now += Duration::from_secs(seconds);
            }
        }
        assert_eq!(waited[..4], [2, 4, 8, 16]);
        assert_eq!(waited.iter().max(), Some(&900));
        assert!(limits.try_log_in(bad, "owner", now).is_err());
        limits.try_log_in(good, "owner", now).unwrap();
        limits.try_log_in(bad, "another", now).unwrap();
        limits.logged_in(bad, "owner");
        limits.try_log_in(bad, "owner", now).unwrap();
    }

    #[test]
    fn an_address_does_not_try_many_names() {
        let limits = Limits::new(config::Limits::default());
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        let now = Instant::now();
        let tried = (0..100).filter(|n| limits.try_log_in(address, &n.to_string(), now).is_ok());
        assert_eq!(tried.count(), 30);
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        assert!(limits.try_log_in(neighbour, "x", now).is_err(), "the same network");
    }
}
