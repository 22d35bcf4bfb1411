//! A handle of one feature: what is checked very often.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::denied::Denied;
use crate::observer::Check;
use crate::shared::Shared;

/// One feature of a guard, from [`Guard::feature`](crate::Guard::feature). It follows the guard's changes and
/// does not keep it alive: after the last [`Guard`](crate::Guard) is gone, it is off.
#[derive(Clone)]
pub struct Feature {
    name: Arc<str>,
    on: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

impl Feature {
    pub(crate) fn new(name: &str, shared: &Arc<Shared>) -> Self {
        Self { name: name.into(), on: shared.flag(name), shared: Arc::clone(shared) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may be used: one atomic load. It is a question, so neither counters nor observers hear of it.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Acquire)
    }

    /// Passes where the feature is granted, as [`Guard::ensure`](crate::Guard::ensure).
    pub fn ensure(&self) -> Result<(), Denied> {
        // With enforcement off a feature is on without being granted, which the slow way counts and tells.
        if self.is_on() && self.shared.current.load().enforcement.is_on() {
            self.shared.passed(&Check::Feature(&self.name), true);
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
