//! How often each tenant asked, as one number a tenant: the generic cell rate algorithm.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::SECOND;

const MINUTE: i64 = 60 * SECOND;
/// Most tenants that are remembered at a time.
const MAX_TENANTS: usize = 10_000;

/// When each tenant will have used up nothing, in microseconds of the clock that nobody sets.
#[derive(Default)]
pub(super) struct Rates(Mutex<HashMap<String, i64>>);

impl Rates {
    /// Takes one of `most` a minute; where none is left, in how many seconds there is.
    pub(super) fn take(&self, tenant: &str, most: u64, now: i64) -> Result<(), i64> {
        let each = (MINUTE / i64::try_from(most).unwrap_or(MINUTE)).max(1);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = all.get(tenant).copied().unwrap_or(now).max(now);
        let next = free.saturating_add(each);
        let over = next.saturating_sub(now).saturating_sub(MINUTE);
        if over > 0 {
            return Err(over.saturating_add(SECOND - 1) / SECOND);
        }
        match all.get_mut(tenant) {
            Some(free) => *free = next,
            None => {
                if all.len() >= MAX_TENANTS {
                    all.retain(|_, free| *free > now);
                }
                if all.len() >= MAX_TENANTS {
                    // All of them are busy: bounded memory goes before an exact count.
                    all.clear();
                }
                all.insert(tenant.to_owned(), next);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenant_has_a_minutes_worth_and_then_as_it_comes_back() {
        let rates = Rates::default();
        for _ in 0..3 {
            assert_eq!(rates.take("a", 3, 0), Ok(()));
        }
        assert_eq!(rates.take("a", 3, 0), Err(20));
        assert_eq!(rates.take("b", 3, 0), Ok(()));
        assert_eq!(rates.take("a", 3, 19 * SECOND), Err(1));
        assert_eq!(rates.take("a", 3, 20 * SECOND), Ok(()));
        assert_eq!(rates.take("a", 3, 20 * SECOND), Err(20));
        // A better plan counts at once.
        assert_eq!(rates.take("a", 60, 25 * SECOND), Ok(()));
        assert_eq!(rates.take("c", u64::MAX, 0), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_who_is_idle_goes_first() {
        let rates = Rates::default();
        for n in 0..MAX_TENANTS {
            rates.take(&n.to_string(), 60, 0).unwrap();
        }
        for _ in 0..59 {
            rates.take("busy", 60, 2 * SECOND).unwrap();
        }
        assert_eq!(rates.0.lock().unwrap().len(), 1);
        rates.take("busy", 60, 2 * SECOND).unwrap();
        assert_eq!(rates.take("busy", 60, 2 * SECOND), Err(1));
    }
}
