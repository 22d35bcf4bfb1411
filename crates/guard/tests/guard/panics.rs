//! The guard's own thread fails: it is noticed, and neither gives a right nor takes one but as the policy says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use licentia::clock::{Clock, Wait};
use licentia::{Policy, Reason, Standing, StartError};

use licentia_issue::sign::sign;

use crate::support::clock::ManualClock;
use crate::support::*;

/// A clock that fails the guard's thread so many times.
struct Faulty {
    clock: Arc<ManualClock>,
    failures: AtomicU32,
}

impl Faulty {
    fn of(world: &World, failures: u32) -> Arc<Self> {
        Arc::new(Self { clock: Arc::clone(&world.clock), failures: failures.into() })
    }

    fn fail(&self, times: u32) {
        self.failures.store(times, Ordering::SeqCst);
    }
}

impl Clock for Faulty {
    fn now_micros(&self) -> i64 {
        let guards = std::thread::current().name() == Some("licentia");
        let left = |left: u32| left.checked_sub(1);
        if guards && self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok() {
            panic!("the test fails the guard's thread");
        }
        self.clock.now_micros()
    }

    fn wait_until(&self, micros: i64) -> Wait<'_> {
        self.clock.wait_until(micros)
    }
}

fn presets() -> [(Policy, Standing); 3] {
    let stopped = Standing::Stopped { reason: Reason::Unreachable };
    [
        (Policy::strict(), stopped),
        (Policy::degrade(), Standing::Free),
        (Policy::lenient(), Standing::Licensed),
    ]
}

#[test]
fn a_thread_that_panics_leaves_what_the_policy_says_for_an_authority_that_is_away() {
    // Once, and again while the failure itself is dealt with.
    for failures in [1, 2] {
        for (policy, wanted) in presets() {
            let world = World::new();
            let clock = Faulty::of(&world, 0);
            let guard =
                world.online().policy(policy).clock(Arc::<Faulty>::clone(&clock)).start().unwrap();
            let handle = guard.feature("advanced");
            let mut watch = guard.watch();
            until(&mut watch, is_licensed);
            clock.fail(failures);
            world.clock.advance(60);
            let before = wanted == Standing::Licensed;
            if before {
                // Nothing changes, so there is nothing to wait for but the thread's end.
                guard.shutdown_blocking();
                assert_eq!(guard.standing(), Standing::Licensed, "{failures}");
            } else {
                until(&mut watch, |standing| *standing == wanted);
            }
            assert_eq!((guard.ensure("advanced").is_ok(), handle.is_on()), (before, before));
        }
    }
}

#[test]
fn a_waiver_that_nobody_would_end_any_more_ends_with_the_thread() {
    let world = World::new();
    let clock = Faulty::of(&world, 0);
    let waiver = sign(&crate::switch::waiver(&world), &world.authority.signer).unwrap();
    let guard = world
        .online()
        .policy(Policy::degrade())
        .waiver(waiver)
        .clock(Arc::<Faulty>::clone(&clock))
        .start()
        .unwrap();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    assert!(guard.ensure("not in any plan").is_ok());
    clock.fail(1);
    world.clock.advance(60);
    until(&mut watch, is_free);
    assert!(guard.ensure("not in any plan").is_err());
}

#[test]
fn a_start_does_not_wait_for_a_thread_that_is_gone() {
    for failures in [1, 2] {
        let world = World::new();
        let clock = Faulty::of(&world, failures);
        let started = world.online().clock(clock).start();
        assert_eq!(started.err(), Some(StartError::Unlicensed(Reason::Unreachable)));
    }
}
