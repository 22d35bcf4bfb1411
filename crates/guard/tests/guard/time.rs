//! Clocks that are wrong, set back, set right, far off, or asleep.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use licentia::clock::{Clock, Wait};
use licentia::{Policy, Reason, Standing, StartError};
use tokio::sync::watch;

use crate::support::http::Reply;
use crate::support::*;

fn run_and_die(world: &World) {
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    world.kill(guard);
}

#[test]
fn a_clock_set_back_between_two_runs_is_grace_on_the_lease_and_gives_no_time_back() {
    let world = World::new();
    run_and_die(&world);
    world.clock.advance(-10 * 86_400);
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    assert_eq!(guard.standing(), Standing::Grace { until: T0 + GRACE });
    assert_eq!(guard.snapshot().reason(), Some(&Reason::ClockSetBack));
    let mut watch = guard.watch();
    world.clock.advance(GRACE - 1);
    until(&mut watch, is_grace);
    world.clock.advance(1);
    assert_eq!(until(&mut watch, is_stopped).reason(), Some(&Reason::ClockSetBack));
}

#[test]
fn a_lease_cannot_be_used_twice_by_setting_the_clock_back_at_each_start() {
    let world = World::new();
    run_and_die(&world);
    let mut runs = 0;
    // An hour a run, and the clock goes back to where the lease began.
    while let Ok(guard) = world.online().cluster_id("the-cluster").start() {
        world.clock.advance(3600);
        world.kill(guard);
        world.clock.set(T0);
        runs += 1;
        assert!(runs < 30, "the lease was used for {runs} hours");
    }
    assert_eq!(runs, 24, "a lease of 24 hours");
}

#[test]
fn the_authority_corrects_a_clock_that_is_wrong_either_way_and_setting_it_right_ends_nothing() {
    for off in [-3_000 * 86_400, -3 * 86_400, 3 * 86_400, 3_000 * 86_400] {
        let world = World::new();
        // The authority's time is T0 all the while; the guard's clock is off.
        let theirs = Arc::new(clock::ManualClock::at(T0 + off));
        world.authority.license.lock().unwrap().exp = None;
        let builder = world.online().clock(theirs.clone()).policy(Policy::strict());
        let guard = builder.cluster_id("the-cluster").start().unwrap();
        let mut watch = guard.watch();
        assert_eq!(*until(&mut watch, |_| true).standing(), Standing::Licensed, "{off}");
        world.behave(|_, _| Reply::Nothing);
        // Two hours later somebody sets it right.
        theirs.advance(2 * HEARTBEAT);
        until(&mut watch, is_grace);
        if off < 0 {
            theirs.set(T0 + 2 * HEARTBEAT + 60);
            assert!(guard.standing().is_full(), "{off}");
        }
        theirs.advance(GRACE - 4 * HEARTBEAT);
        assert!(guard.standing().is_full(), "{off}");
        theirs.advance(4 * HEARTBEAT);
        until(&mut watch, is_stopped);
    }
}

/// A clock that is set while its steady half runs on: microseconds of that, and how far ahead it shows.
struct Set(watch::Sender<(i64, i64)>);

impl Set {
    fn pass(&self, seconds: i64) {
        self.0.send_modify(|(steady, _)| *steady += seconds * 1_000_000);
    }

    fn ahead(&self, seconds: i64) {
        self.0.send_modify(|(_, ahead)| *ahead = seconds * 1_000_000);
    }
}

impl Clock for Set {
    fn now_micros(&self) -> i64 {
        let (steady, ahead) = *self.0.borrow();
        steady + ahead
    }

    fn steady_micros(&self) -> i64 {
        self.0.borrow().0
    }

    fn wait_until(&self, micros: i64) -> Wait<'_> {
        let mut shown = self.0.subscribe();
        let was_ahead = shown.borrow().1;
        Box::pin(async move {
            let over =
                |(steady, ahead): &(i64, i64)| steady + ahead >= micros || *ahead < was_ahead;
            let _ = shown.wait_for(over).await;
        })
    }
}

#[test]
fn a_clock_that_ran_ahead_for_a_while_puts_off_no_heartbeat() {
    let world = World::new();
    let theirs = Arc::new(Set(watch::Sender::new((T0 * 1_000_000, 0))));
    let clock: Arc<dyn Clock> = Arc::<Set>::clone(&theirs);
    let guard = world.online().clock(clock).cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    // A week ahead, which the authority corrects, and then right again.
    for (ahead, after) in [(7 * 86_400, 2 * HEARTBEAT), (0, 4 * HEARTBEAT)] {
        world.clock.advance(2 * HEARTBEAT);
        theirs.ahead(ahead);
        theirs.pass(2 * HEARTBEAT);
        until_lease(&mut watch, T0 + after + GRACE);
    }
}

/// Moved a week ahead in the middle of what the guard does, right before one of its looks.
struct Moved {
    set: Set,
    looks_before: AtomicI64,
}

impl Clock for Moved {
    fn now_micros(&self) -> i64 {
        if self.looks_before.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.set.ahead(7 * 86_400);
        }
        self.set.now_micros()
    }

    fn steady_micros(&self) -> i64 {
        self.set.steady_micros()
    }

    fn wait_until(&self, micros: i64) -> Wait<'_> {
        self.set.wait_until(micros)
    }
}

#[test]
fn a_clock_that_is_moved_in_the_middle_of_a_step_stops_nothing() {
    for looks in 0..40 {
        let world = World::new();
        let set = Set(watch::Sender::new((T0 * 1_000_000, 0)));
        let theirs = Arc::new(Moved { set, looks_before: AtomicI64::new(i64::MAX) });
        let clock: Arc<dyn Clock> = Arc::<Moved>::clone(&theirs);
        let builder = world.online().clock(clock).policy(Policy::strict());
        let guard = builder.cluster_id("the-cluster").start().unwrap();
        let mut watch = guard.watch();
        until(&mut watch, is_licensed);
        world.clock.advance(2 * HEARTBEAT);
        theirs.looks_before.store(looks, Ordering::SeqCst);
        theirs.set.pass(2 * HEARTBEAT);
        // Until it is renewed, or has stopped, which fails.
        until_lease(&mut watch, T0 + 2 * HEARTBEAT + GRACE);
        // Moved later, it sleeps through the new lease as far as it can tell, and asks once more.
        if !guard.standing().is_full() {
            let now = until(&mut watch, |now| now.is_full() || is_stopped(now));
            assert!(now.standing().is_full(), "{:?}", now.reason());
        }
    }
}

#[test]
fn no_date_makes_it_panic_or_run_on() {
    for now in [i64::from(i32::MAX) + 1, i64::from(u32::MAX) + 1, 253_402_300_800, i64::MAX] {
        let world = World::new();
        run_and_die(&world);
        world.clock.set(now);
        let error = world.online().cluster_id("the-cluster").start().unwrap_err();
        assert!(matches!(error, StartError::Unlicensed(_)), "{now}: {error}");
        let offline = world.offline().start().unwrap_err();
        assert!(
            matches!(&offline, StartError::Unlicensed(reason) if reason.code() == "expired"),
            "{now}: {offline}"
        );
    }
    for now in [0, -1, i64::MIN / 2_000_000] {
        let world = World::new();
        world.clock.set(now);
        let offline = world.offline().start().unwrap_err();
        assert!(
            matches!(&offline, StartError::Unlicensed(reason) if reason.code() == "not_yet_valid"),
            "{now}: {offline}"
        );
    }
}

#[test]
fn a_week_asleep_costs_one_question_and_runs_on_nothing_meanwhile() {
    let world = World::new();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    world.clock.advance(7 * 86_400);
    let current =
        advance_until(&world, &mut watch, |now| now.lease_until() > Some(T0 + 7 * 86_400));
    assert_eq!(*current.standing(), Standing::Licensed);

    // The same without a network.
    world.behave(|_, _| Reply::Nothing);
    world.clock.advance(7 * 86_400);
    assert_eq!(until(&mut watch, is_stopped).reason(), Some(&Reason::Unreachable));
}
