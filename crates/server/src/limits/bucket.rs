//! Buckets of requests: full at first, refilled evenly (the generic cell rate algorithm, which needs one number a
//! bucket: when it will be full again).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::Limited;

const MINUTE: u64 = 60_000_000;

/// A table that forgets something rather than grow.
pub(super) struct Bounded<T> {
    most: usize,
    entries: HashMap<u64, T>,
}

impl<T> Bounded<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, entries: HashMap::new() }
    }

    pub(super) fn get(&self, key: u64) -> Option<&T> {
        self.entries.get(&key)
    }

    pub(super) fn insert(&mut self, key: u64, value: T) {
        if self.entries.len() >= self.most
            && !self.entries.contains_key(&key)
            && let Some(any) = self.entries.keys().next().copied()
        {
            self.entries.remove(&any);
        }
        self.entries.insert(key, value);
    }
}

/// Buckets by key; times are microseconds since the process began.
pub(super) struct Buckets {
    full_at: Mutex<Full>,
}

struct Full {
    table: Bounded<u64>,
    swept: u64,
}

impl Buckets {
    pub(super) fn new(most: usize) -> Self {
        Self { full_at: Mutex::new(Full { table: Bounded::new(most), swept: 0 }) }
    }

    /// Takes one of `per_minute`, of which a full bucket holds all; zero is no limit.
    pub(super) fn take(&self, key: u64, per_minute: u32, now: u64) -> Result<(), Limited> {
        self.update(key, per_minute, now, |full, each| {
            fits(full, each, now)?;
            Ok(full + each)
        })
    }

    /// Whether one could be taken.
    pub(super) fn look(&self, key: u64, per_minute: u32, now: u64) -> Result<(), Limited> {
        self.update(key, per_minute, now, |full, each| fits(full, each, now).map(|()| full))
    }

    /// Takes one, into debt where none is left; of debt there is at most another bucket.
    pub(super) fn charge(&self, key: u64, per_minute: u32, now: u64) {
        let taken = self.update(key, per_minute, now, |full, each| {
            Ok((full + each).min(now.saturating_add(2 * MINUTE)))
        });
        debug_assert!(taken.is_ok(), "debt is never refused");
    }

    fn update(
        &self,
        key: u64,
        per_minute: u32,
        now: u64,
        change: impl FnOnce(u64, u64) -> Result<u64, Limited>,
    ) -> Result<(), Limited> {
        let Some(each) = MINUTE.checked_div(per_minute.into()) else { return Ok(()) };
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full = full_at.table.get(key).copied().unwrap_or(now).max(now);
        let changed = change(full, each)?;
        if changed > now {
            full_at.make_room(now);
            full_at.table.insert(key, changed);
        }
        Ok(())
    }
}

impl Full {
    /// Forgets the buckets that are full, at most once a second: whoever fills the table must not make each
    /// request walk through it.
    fn make_room(&mut self, now: u64) {
        if self.table.entries.len() < self.table.most || now < self.swept.saturating_add(1_000_000)
        {
            return;
        }
        self.swept = now;
        self.table.entries.retain(|_, full| *full > now);
    }
}

fn fits(full: u64, each: u64, now: u64) -> Result<(), Limited> {
    let wait = full.saturating_add(each).saturating_sub(now.saturating_add(MINUTE));
    if wait == 0 { Ok(()) } else { Err(Limited(wait.div_ceil(1_000_000))) }
}
