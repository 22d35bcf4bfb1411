//! Time as an argument. One clock decides a lease: the authority's.

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Microseconds since the epoch, UTC.
    fn now_micros(&self) -> i64;

    /// Seconds since the epoch, UTC.
    fn now(&self) -> i64 {
        self.now_micros().div_euclid(1_000_000)
    }
}
