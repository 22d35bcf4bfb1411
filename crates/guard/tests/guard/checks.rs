//! The checks themselves: what they say, what they cost, who is told.

use std::sync::{Arc, Mutex};

use licentia::{Check, Observer, Policy, Snapshot};

use crate::support::*;

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Observer for Notes {
    fn on_startup(&self, snapshot: &Snapshot) {
        self.0.lock().unwrap().push(format!("started {}", snapshot.standing().as_str()));
    }

    fn on_check(&self, check: &Check<'_>, passed: bool) {
        self.0.lock().unwrap().push(format!("{check} {passed}"));
    }

    fn on_action(&self, action: &str, tenant: &str) {
        self.0.lock().unwrap().push(format!("{action} for {tenant}"));
    }

    fn on_record(&self, meter: &str, amount: u64) {
        self.0.lock().unwrap().push(format!("{meter} {amount}"));
    }
}

#[test]
fn b9_a_refusal_names_feature_tier_the_least_plan_that_has_it_and_what_to_do() {
    let world = World::new();
    let guard = world
        .offline()
        .plan("standard", ["task-distribution", "advanced"])
        .plan("enterprise", ["task-distribution", "advanced", "grpc"])
        .plan("enterprise-plus", ["grpc"])
        .start()
        .unwrap();
    assert_eq!(
        guard.ensure("grpc").unwrap_err().to_string(),
        "the feature `grpc` is not part of the tier STANDARD but of the plan enterprise. \
         The plan enterprise includes it: ask the vendor for an upgrade."
    );
    assert!(!guard.ensure("unheard-of").unwrap_err().to_string().contains("plan e"));
}

#[test]
fn decision_40_observers_are_told_of_start_checks_and_records_and_checks_are_counted() {
    let world = World::new();
    let notes = Notes::default();
    let guard = world.offline().observer(notes.clone()).start().unwrap();
    guard.ensure("advanced").unwrap();
    guard.feature("advanced").ensure().unwrap();
    guard.feature("grpc").ensure().unwrap_err();
    guard.require_tier(2).unwrap();
    guard.require_tier("ENTERPRISE").unwrap_err();
    guard.within("jobs", 6).unwrap_err();
    guard.meter("tokens", 3);
    assert_eq!(
        *notes.0.lock().unwrap(),
        [
            "started licensed",
            "the feature `advanced` true",
            "the feature `advanced` true",
            "the feature `grpc` false",
            "the tier of rank 2 true",
            "the tier ENTERPRISE false",
            "6 jobs false",
            "tokens 3",
        ]
    );
    let counts = guard.counts();
    assert_eq!((counts.passed, counts.refused), (3, 3));
}

#[test]
fn counts_are_exact_over_many_threads() {
    let world = World::new();
    let guard = world.offline().start().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    guard.ensure("advanced").unwrap();
                    let _ = guard.ensure("grpc");
                }
            });
        }
    });
    assert_eq!((guard.counts().passed, guard.counts().refused), (24_000, 24_000));
}

#[test]
fn a_handle_follows_the_standing_and_does_not_keep_the_guard_alive() {
    let world = World::new();
    let guard = world.offline().policy(Policy::degrade()).free_features(["basic"]).start().unwrap();
    let [advanced, basic] = ["advanced", "basic"].map(|name| guard.feature(name));
    assert!(advanced.is_on() && !basic.is_on());
    let mut watch = guard.watch();
    world.clock.advance(30 * 86_400);
    until(&mut watch, is_free);
    assert!(!advanced.is_on() && basic.is_on());
    basic.ensure().unwrap();
    drop(guard);
    assert!(!basic.is_on());
}

#[test]
fn a_check_that_passes_allocates_nothing() {
    let world = World::new();
    let guard = world.offline().start().unwrap();
    let handle = guard.feature("advanced");
    let all = || {
        assert!(handle.is_on());
        handle.ensure().unwrap();
        guard.ensure("advanced").unwrap();
        assert!(guard.has_feature("advanced"));
        guard.require_tier(2).unwrap();
        guard.require_tier("standard").unwrap();
        guard.within("jobs", 5).unwrap();
        let _ = guard.limit("nodes");
    };
    // The first one makes what a thread needs.
    all();
    assert_eq!(allocation_counter::measure(all).count_total, 0);
}
