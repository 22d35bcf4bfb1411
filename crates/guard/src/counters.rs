//! How many checks passed and how many were refused.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Threads beyond this share a stripe, which is slower and still exact.
const STRIPES: usize = 16;

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static OWN: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES);
}

/// Checks since the guard started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Those that passed.
    pub passed: u64,
    /// Those that did not, or would not have where enforcement is off.
    pub refused: u64,
}

/// A cache line of its own, so that threads do not slow each other.
#[derive(Default)]
#[repr(align(128))]
struct Stripe {
    passed: AtomicU64,
    refused: AtomicU64,
}

#[derive(Default)]
pub(crate) struct Counters {
    stripes: [Stripe; STRIPES],
}

impl Counters {
    pub(crate) fn count(&self, passed: bool) {
        // While a thread ends its stripe may be gone already.
        let stripe = &self.stripes[OWN.try_with(Cell::get).unwrap_or(0)];
        let counter = if passed { &stripe.passed } else { &stripe.refused };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let sum = |of: fn(&Stripe) -> &AtomicU64| {
            self.stripes.iter().map(|stripe| of(stripe).load(Ordering::Relaxed)).sum()
        };
        Counts { passed: sum(|stripe| &stripe.passed), refused: sum(|stripe| &stripe.refused) }
    }
}
