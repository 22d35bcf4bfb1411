//! Usage on its way to the authority: counted here, sent with heartbeats, counted there once. It is bounded,
//! and whatever goes wrong with it changes no standing.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Most meters that are counted at a time; the authority takes a hundred in one report.
const MAX_METERS: usize = 64;
/// Longest name of a meter, in characters.
const MAX_NAME: usize = 64;

/// What was counted since the engine last looked.
#[derive(Default)]
pub(crate) struct Usage {
    counts: Mutex<BTreeMap<String, i64>>,
}

/// The meter was not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotCounted;

impl Usage {
    pub(crate) fn add(&self, meter: &str, amount: u64) -> Result<(), NotCounted> {
        let characters = meter.chars().count();
        if !(1..=MAX_NAME).contains(&characters) || meter.chars().any(char::is_control) {
            return Err(NotCounted);
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut counts, meter, i64::try_from(amount).unwrap_or(i64::MAX))
    }

    /// Moves everything into `total`; what does not fit there is lost.
    pub(crate) fn drain_into(&self, total: &mut BTreeMap<String, i64>) {
        let counts =
            std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        for (meter, amount) in counts {
            // The same bound holds on both sides, so that neither memory nor file grows without end.
            let _ = add(total, &meter, amount);
        }
    }
}

fn add(counts: &mut BTreeMap<String, i64>, meter: &str, amount: i64) -> Result<(), NotCounted> {
    if let Some(count) = counts.get_mut(meter) {
        *count = count.saturating_add(amount);
        return Ok(());
    }
    if counts.len() >= MAX_METERS {
        return Err(NotCounted);
    }
    counts.insert(meter.to_owned(), amount);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_saturate_and_the_number_of_meters_is_bounded() {
        let usage = Usage::default();
        usage.add("tokens", 5).unwrap();
        usage.add("tokens", u64::MAX).unwrap();
        for meter in 0..MAX_METERS - 1 {
            usage.add(&format!("meter-{meter}"), 1).unwrap();
        }
        assert_eq!(usage.add("one too many", 1), Err(NotCounted));
        usage.add("tokens", 1).unwrap();
        for name in ["", "a\nb", &"x".repeat(65)] {
            assert_eq!(usage.add(name, 1), Err(NotCounted));
        }
        let mut total = BTreeMap::from([("tokens".to_owned(), 1)]);
        usage.drain_into(&mut total);
        assert_eq!((total.len(), total["tokens"]), (MAX_METERS, i64::MAX));
        let mut rest = BTreeMap::new();
        usage.drain_into(&mut rest);
        assert!(rest.is_empty());
    }
}
