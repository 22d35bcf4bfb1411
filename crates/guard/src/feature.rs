//! A handle of one feature: what is checked very often.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::denied::Denied;
use crate::shared::Shared;

/// What a handle reads.
#[derive(Default)]
pub(crate) struct Flag(AtomicU8);

impl Flag {
    const OFF: u8 = 0;
    /// It may be used, and somebody is to be told of each check.
    const ON: u8 = 1;
    /// It may be used, and to count a check is all there is to do.
    const ON_AND_QUIET: u8 = 2;

    pub(crate) fn set(&self, on: bool, quiet: bool) {
        let now = match (on, quiet) {
            (false, _) => Self::OFF,
            (true, false) => Self::ON,
            (true, true) => Self::ON_AND_QUIET,
        };
        self.0.store(now, Ordering::Release);
    }

    #[inline]
    fn read(&self) -> u8 {
        self.0.load(Ordering::Acquire)
    }
}

/// One feature of a guard, from [`Guard::feature`](crate::Guard::feature). It follows the guard's changes and
/// does not keep it alive: after the last [`Guard`](crate::Guard) is gone, it is off.
#[derive(Clone)]
pub struct Feature {
    name: Arc<str>,
    flag: Arc<Flag>,
    shared: Arc<Shared>,
}

impl Feature {
    pub(crate) fn new(name: &str, shared: &Arc<Shared>) -> Self {
        Self { name: name.into(), flag: shared.flag(name), shared: Arc::clone(shared) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may be used: one atomic load. It is a question, so neither counters nor observers hear of it.
    #[must_use]
    #[inline]
    pub fn is_on(&self) -> bool {
        self.flag.read() != Flag::OFF
    }

    /// Passes where the feature is granted, as [`Guard::ensure`](crate::Guard::ensure).
    #[inline]
    pub fn ensure(&self) -> Result<(), Denied> {
        if self.flag.read() == Flag::ON_AND_QUIET {
            self.shared.counters.count(true);
            return Ok(());
        }
        self.shared.ensure(&self.name)
    }
}

impl fmt::Debug for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feature").field("name", &self.name).field("on", &self.is_on()).finish()
    }
}
