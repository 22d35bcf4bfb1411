//! The system's own clock and entropy: the only place that reads either.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::clock::{Clock, NoEntropy, Random, Wait};

/// The longest wait: a suspended machine's timers stand still, and a clock that ran ahead may be set right, so
/// whoever waits looks again at least this often.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Wall clock that never goes back while the process runs: setting it back lengthens no lease.
pub(crate) struct SystemClock {
    started_at: i64,
    started: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self { started_at: wall_micros(), started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now_micros(&self) -> i64 {
        wall_micros().max(self.started_at.saturating_add(self.steady_micros()))
    }

    fn steady_micros(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn wait_until(&self, micros: i64) -> Wait<'_> {
        Box::pin(async move {
            let left = micros.saturating_sub(self.now_micros());
            let Ok(left @ 1..) = u64::try_from(left) else { return };
            tokio::time::sleep(Duration::from_micros(left).min(LONGEST_WAIT)).await;
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the guard's time comes from")]
fn wall_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The operating system's entropy.
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|_| NoEntropy)
    }
}
