//! Time that the test moves, and randomness that repeats.

use std::sync::atomic::{AtomicU64, Ordering};

use licentia::clock::{Clock, NoEntropy, Random, Wait};
use tokio::sync::watch;

pub(crate) struct ManualClock(watch::Sender<i64>);

impl ManualClock {
    pub(crate) fn at(seconds: i64) -> Self {
        Self(watch::Sender::new(seconds * 1_000_000))
    }

    pub(crate) fn now(&self) -> i64 {
        self.0.borrow().div_euclid(1_000_000)
    }

    /// Moves the clock, backwards too.
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.send_modify(|now| *now += seconds * 1_000_000);
    }

    pub(crate) fn set(&self, seconds: i64) {
        self.0.send_modify(|now| *now = seconds.saturating_mul(1_000_000));
    }
}

impl Clock for ManualClock {
    fn now_micros(&self) -> i64 {
        *self.0.borrow()
    }

    fn wait_until(&self, micros: i64) -> Wait<'_> {
        let mut now = self.0.subscribe();
        Box::pin(async move {
            let _ = now.wait_for(|now| *now >= micros).await;
        })
    }
}

/// Never the same bytes twice, always the same sequence.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
