//! What time it is, going by what the authority has signed and not only by this machine's clock.
//!
//! A clock that agrees with the authority counts as it stands. One that is more than five minutes off does
//! not: then time runs on from the last signed time by the clock's steady half, so that neither a clock that
//! is wrong, nor setting it right, moves the end of anything.

use std::sync::Arc;

use crate::clock::{Clock, SECOND};

/// A clock so far from signed times is wrong, not merely inexact.
pub(crate) const WRONG_S: i64 = 5 * 60;
const WRONG: i64 = WRONG_S * SECOND;

/// A moment whose true time is known although the clock said otherwise.
#[derive(Clone, Copy)]
struct Anchor {
    truth: i64,
    clock: i64,
    steady: i64,
}

/// What both halves of the clock said at one moment, in microseconds.
#[derive(Clone, Copy)]
struct Reading {
    wall: i64,
    steady: i64,
}

impl Reading {
    fn of(clock: &dyn Clock) -> Self {
        Self { wall: clock.now_micros(), steady: clock.steady_micros() }
    }
}

/// It stands until it is looked at again: what is decided in one step is decided by one moment. A clock that is moved
/// in the middle of a step would else be found right by one half of it, and past the end of the lease by the other.
pub(crate) struct Time {
    clock: Arc<dyn Clock>,
    reading: Reading,
    anchor: Option<Anchor>,
    /// Newest time that was signed or used up, in seconds: it is not earlier than this.
    mark: i64,
}

impl Time {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let reading = Reading::of(&*clock);
        Self { clock, reading, anchor: None, mark: 0 }
    }

    /// Looks at the clock; before each step.
    pub(crate) fn look(&mut self) {
        self.reading = Reading::of(&*self.clock);
    }

    /// Microseconds since the epoch.
    pub(crate) fn now_micros(&self) -> i64 {
        self.at(self.reading)
    }

    fn at(&self, reading: Reading) -> i64 {
        let Reading { wall: clock, steady } = reading;
        let Some(anchor) = self.anchor else { return clock };
        let passed = steady.saturating_sub(anchor.steady).max(0);
        let steady = anchor.truth.saturating_add(passed);
        // A clock that was behind may be set right meanwhile; one that was ahead tells nothing.
        if anchor.truth > anchor.clock { steady.max(clock) } else { steady }
    }

    /// Seconds since the epoch.
    pub(crate) fn now(&self) -> i64 {
        self.now_micros().div_euclid(SECOND)
    }

    /// What the clock will say when it is `micros`, as far as can be told now.
    pub(crate) fn on_clock(&self, micros: i64) -> i64 {
        // As it stands now, since it is now that somebody begins to wait by it.
        let reading = Reading::of(&*self.clock);
        let ahead = reading.wall.saturating_sub(self.at(reading));
        micros.saturating_add(ahead)
    }

    /// It is not earlier than this second: something signed says so, or a lease was used so far. Whether the
    /// clock was found to be set back.
    pub(crate) fn at_least(&mut self, seconds: i64) -> bool {
        self.mark = self.mark.max(seconds);
        self.is_set_back()
    }

    /// Looks whether the clock fell behind the mark; then time runs on from the mark.
    pub(crate) fn is_set_back(&mut self) -> bool {
        let mark = self.mark.saturating_mul(SECOND);
        let set_back = self.now_micros() < mark.saturating_sub(WRONG);
        if set_back {
            self.anchor = Some(self.anchor_at(mark));
        }
        set_back
    }

    /// The authority says, just now, that it is this second, and its clock outranks all; how many seconds the
    /// clock here is behind, where it is wrong.
    pub(crate) fn settle(&mut self, signed_s: i64) -> Option<i64> {
        self.mark = signed_s;
        let truth = signed_s.saturating_mul(SECOND);
        let behind = truth.saturating_sub(self.reading.wall);
        let wrong = behind.saturating_abs() > WRONG;
        self.anchor = wrong.then(|| self.anchor_at(truth));
        wrong.then_some(behind / SECOND)
    }

    fn anchor_at(&self, truth: i64) -> Anchor {
        Anchor { truth, clock: self.reading.wall, steady: self.reading.steady }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::clock::Wait;

    #[derive(Default)]
    struct Clocks {
        wall: AtomicI64,
        steady: AtomicI64,
    }

    impl Clocks {
        fn pass(&self, seconds: i64) {
            self.wall.fetch_add(seconds * SECOND, Ordering::SeqCst);
            self.steady.fetch_add(seconds * SECOND, Ordering::SeqCst);
        }

        fn set(&self, seconds: i64) {
            self.wall.store(seconds * SECOND, Ordering::SeqCst);
        }
    }

    impl Clock for Clocks {
        fn now_micros(&self) -> i64 {
            self.wall.load(Ordering::SeqCst)
        }

        fn steady_micros(&self) -> i64 {
            self.steady.load(Ordering::SeqCst)
        }

        fn wait_until(&self, _: i64) -> Wait<'_> {
            Box::pin(std::future::pending())
        }
    }

    fn at(seconds: i64) -> (Arc<Clocks>, Time) {
        let clocks = Arc::new(Clocks::default());
        clocks.set(seconds);
        (Arc::clone(&clocks), Time::new(clocks))
    }

    #[test]
    fn a_clock_within_five_minutes_counts_as_it_stands() {
        for off in [-300, 0, 300] {
            let (clocks, mut time) = at(10_000 + off);
            assert_eq!(time.settle(10_000), None);
            assert!(!time.is_set_back());
            clocks.pass(50);
            assert_eq!(time.now(), 10_000 + off, "it stands until it is looked at");
            time.look();
            assert_eq!(time.now(), 10_050 + off);
        }
    }

    #[test]
    fn a_wrong_clock_is_corrected_and_setting_it_right_moves_nothing() {
        for off in [-9_000, 9_000] {
            let (clocks, mut time) = at(10_000 + off);
            assert_eq!(time.settle(10_000), Some(-off));
            clocks.pass(50);
            time.look();
            assert_eq!(time.now(), 10_050);
            clocks.set(10_050);
            time.look();
            assert_eq!(time.now(), 10_050, "the clock is set right");
            clocks.pass(50);
            time.look();
            assert_eq!((time.now(), time.settle(10_100)), (10_100, None));
        }
    }

    #[test]
    fn a_clock_behind_the_mark_is_set_back_and_time_runs_on_from_the_mark() {
        let (clocks, mut time) = at(10_000);
        assert!(!time.at_least(10_300), "five minutes are inexact, not set back");
        assert!(time.at_least(10_301));
        assert_eq!(time.now(), 10_301);
        clocks.pass(5);
        time.look();
        assert_eq!((time.now(), time.is_set_back()), (10_306, false), "told once");
        assert_eq!(time.on_clock(10_310 * SECOND), 10_009 * SECOND);
    }

    #[test]
    fn an_authority_whose_own_clock_was_set_right_is_believed() {
        let (_, mut time) = at(10_000);
        assert_eq!(time.settle(900_000), Some(890_000));
        assert_eq!(time.settle(10_000), None);
        assert_eq!((time.now(), time.is_set_back()), (10_000, false));
    }

    #[test]
    fn no_time_overflows() {
        for wall in [i64::MIN, -1, 0, i64::from(i32::MAX), i64::from(u32::MAX), i64::MAX] {
            for signed in [i64::MIN, 0, i64::from(u32::MAX), i64::MAX] {
                let clocks = Arc::new(Clocks::default());
                clocks.wall.store(wall, Ordering::SeqCst);
                let mut time = Time::new(Arc::<Clocks>::clone(&clocks));
                time.settle(signed);
                time.at_least(signed);
                let _ = (time.now(), time.on_clock(wall), time.on_clock(signed));
            }
        }
    }
}
