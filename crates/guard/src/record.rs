//! Actions on their way into the chain: taken on the caller's thread, hashed there, and bounded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::chain::Action;
use crate::clock::Clock;
use crate::hex::hex;

/// Most actions that wait at a time, in memory and on disk together.
pub(crate) const MAX_WAITING: usize = 10_000;
/// Longest name of an action or a tenant, in characters: what the authority takes.
const MAX_NAME: usize = 128;

/// The action was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRecorded {
    /// The guard was built without a chain, or has no authority to tell.
    #[error(
        "the guard keeps no chain of actions: the builder was given no project seed, or no authority"
    )]
    Off,
    /// An action needs a name, and no name may be longer than 128 characters.
    #[error("an action has a name of 1 to 128 characters, a tenant one of at most 128")]
    Malformed,
    /// 10,000 actions wait for the authority already.
    #[error("10,000 actions wait for the licensing authority, which is more than are kept")]
    Full,
}

/// Where actions wait until the engine takes them.
pub(crate) struct Records {
    clock: Option<Arc<dyn Clock>>,
    /// Those here and those that the engine holds.
    waiting: AtomicUsize,
    actions: Mutex<Vec<Action>>,
}

impl Records {
    /// Without a clock none are kept.
    pub(crate) fn new(clock: Option<Arc<dyn Clock>>) -> Self {
        Self { clock, waiting: AtomicUsize::new(0), actions: Mutex::default() }
    }

    pub(crate) fn add(&self, action: &str, tenant: &str, data: &[u8]) -> Result<(), NotRecorded> {
        let clock = self.clock.as_ref().ok_or(NotRecorded::Off)?;
        let fits = |name: &str| name.chars().count() <= MAX_NAME;
        if action.is_empty() || !fits(action) || !fits(tenant) {
            return Err(NotRecorded::Malformed);
        }
        let room = |waiting: usize| (waiting < MAX_WAITING).then_some(waiting + 1);
        self.waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, room)
            .map_err(|_| NotRecorded::Full)?;
        let hash = if data.is_empty() { String::new() } else { hex(&Sha256::digest(data)) };
        let (action, tenant) = (action.to_owned(), tenant.to_owned());
        let mut actions = self.actions.lock().unwrap_or_else(PoisonError::into_inner);
        // Told the time under the lock, so that the chain's times do not fall back.
        let now = jiff::Timestamp::from_microsecond(clock.now_micros()).unwrap_or_default();
        actions.push(Action { tenant, action, hash, time: now.to_string() });
        Ok(())
    }

    /// What waits, for the engine to keep.
    pub(crate) fn drain(&self) -> Vec<Action> {
        std::mem::take(&mut *self.actions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// So many are kept from the last run.
    pub(crate) fn kept(&self, count: usize) {
        self.waiting.fetch_add(count, Ordering::Relaxed);
    }

    /// So many are delivered or dropped.
    pub(crate) fn done(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemClock;

    #[test]
    fn names_are_bounded_and_so_is_what_waits() {
        let off = Records::new(None);
        assert_eq!(off.add("a", "t", b""), Err(NotRecorded::Off));
        let records = Records::new(Some(Arc::new(SystemClock::new())));
        for (action, tenant) in [("", "t"), (&*"x".repeat(129), "t"), ("a", &*"x".repeat(129))] {
            assert_eq!(records.add(action, tenant, b""), Err(NotRecorded::Malformed));
        }
        records.kept(MAX_WAITING - 2);
        records.add(&"é".repeat(128), "", b"").unwrap();
        records.add("a", "t", b"abc").unwrap();
        assert_eq!(records.add("a", "t", b""), Err(NotRecorded::Full));
        let actions = records.drain();
        assert_eq!((actions.len(), &*actions[0].hash), (2, ""));
        // FIPS 180-4's example.
        assert!(actions[1].hash.starts_with("ba7816bf8f01cfea") && actions[1].hash.len() == 64);
        assert!(actions[1].time.ends_with('Z'));
        records.done(1);
        assert_eq!(records.add("a", "t", b""), Ok(()));
    }
}
