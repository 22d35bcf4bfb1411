//! How many checks passed and how many were refused.
//!
//! A check may cost a nanosecond or two, which is less than one atomic addition. So each thread counts on a stripe
//! that it alone writes, by a plain load and store; a stripe goes from a thread that has ended to the next one.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Threads at a time that have a stripe of their own: as many as the free list has bits.
const OWNED: usize = 64;
/// The stripe of all further threads, who add to it atomically: slower, and as exact.
const COMMON: usize = OWNED;
/// The thread has not counted yet.
const UNKNOWN: usize = usize::MAX;

/// A bit for each stripe that no thread has. The lock also hands over what was counted on it.
static FREE: Mutex<u64> = Mutex::new(u64::MAX);

thread_local! {
    /// Which stripe is this thread's. Beside the loan, since reading what has no destructor is a single load.
    static OWN: Cell<usize> = const { Cell::new(UNKNOWN) };
    static LOAN: Loan = Loan::take();
}

/// A stripe for as long as the thread lives.
struct Loan(usize);

impl Loan {
    fn take() -> Self {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let first = free.trailing_zeros();
        *free &= !1_u64.checked_shl(first).unwrap_or(0);
        Self(usize::try_from(first).unwrap_or(COMMON))
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // What else ends with the thread may still check something.
        OWN.set(COMMON);
        if self.0 < OWNED {
            *FREE.lock().unwrap_or_else(PoisonError::into_inner) |= 1 << self.0;
        }
    }
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

impl Stripe {
    #[inline]
    fn counter(&self, passed: bool) -> &AtomicU64 {
        if passed { &self.passed } else { &self.refused }
    }
}

pub(crate) struct Counters {
    owned: [Stripe; OWNED],
    common: Stripe,
}

impl Default for Counters {
    fn default() -> Self {
        Self { owned: std::array::from_fn(|_| Stripe::default()), common: Stripe::default() }
    }
}

impl Counters {
    #[inline]
    pub(crate) fn count(&self, passed: bool) {
        match self.owned.get(OWN.get()) {
            Some(own) => {
                // Nobody else writes here, so nothing can come between.
                let counter = own.counter(passed);
                counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
            }
            None => self.count_elsewhere(passed),
        }
    }

    #[cold]
    fn count_elsewhere(&self, passed: bool) {
        if OWN.get() == UNKNOWN {
            OWN.set(LOAN.try_with(|loan| loan.0).unwrap_or(COMMON));
            return self.count(passed);
        }
        self.common.counter(passed).fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let sum = |passed| {
            let all = self.owned.iter().chain([&self.common]);
            all.map(|stripe| stripe.counter(passed).load(Ordering::Relaxed)).sum()
        };
        Counts { passed: sum(true), refused: sum(false) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    fn own_now() -> Vec<usize> {
        let (threads, together) = (2 * OWNED, Barrier::new(2 * OWNED));
        let counters = Counters::default();
        let owned = std::thread::scope(|scope| {
            let run = || {
                counters.count(true);
                // All are alive at once.
                together.wait();
                for _ in 0..1_000 {
                    counters.count(false);
                }
                OWN.get()
            };
            let all: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let counts = counters.counts();
        assert_eq!((counts.passed, counts.refused), (128, 128_000));
        owned
    }

    #[test]
    fn no_two_threads_have_one_stripe_and_a_stripe_outlives_its_thread() {
        for _ in 0..3 {
            let mut owned = own_now();
            owned.retain(|stripe| *stripe != COMMON);
            let some = owned.len();
            owned.sort_unstable();
            owned.dedup();
            // Other tests' threads have stripes too.
            assert!(some == owned.len() && some >= OWNED / 2, "{owned:?}");
        }
    }

    struct Late<'a>(&'a Counters);

    impl Drop for Late<'_> {
        fn drop(&mut self) {
            self.0.count(true);
        }
    }

    thread_local! {
        static LATE: Cell<Option<Late<'static>>> = const { Cell::new(None) };
    }

    #[test]
    fn what_is_checked_while_a_thread_ends_is_counted() {
        let counters: &'static Counters = Box::leak(Box::default());
        std::thread::spawn(|| {
            // Registered first, so it ends after the stripe was given back.
            LATE.set(Some(Late(counters)));
            counters.count(true);
        })
        .join()
        .unwrap();
        assert_eq!(counters.counts().passed, 2);
    }
}
