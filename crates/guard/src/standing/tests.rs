//! Every reachable state under every event, for the presets and for each single override of them.

use std::collections::{HashSet, VecDeque};
use std::sync::OnceLock;

use super::*;

/// Time runs from 0 to here; ends of leases, licences and graces lie on both sides of each second.
const HORIZON: i64 = 5;

fn events() -> Vec<Event> {
    let mut events = vec![
        Event::NoLicense(Reason::Missing),
        Event::Invalid(Invalid::BadSignature),
        Event::Invalid(Invalid::Expired { at: 0 }),
        Event::InvalidProof,
        Event::Unreachable,
        Event::ClockSetBack,
        Event::Tampered,
        Event::Integrity,
        Event::Clean,
        Event::Timer,
        Event::Slept,
        Event::ShutDown,
    ];
    for end in [1, 3] {
        events.push(Event::ListStale { deadline: end });
        events.push(Event::Graced { until: end });
        for code in ["suspended", "no_free_seat", "expired", "a_code_of_tomorrow"] {
            events.push(Event::Refused { code: code.into(), grace_until: Some(end) });
        }
        for expires in [None, Some(2), Some(4)] {
            events.push(Event::Answered { expires, lease: end });
        }
    }
    for code in ["suspended", "unknown_license", "too_many_nodes"] {
        events.push(Event::Refused { code: code.into(), grace_until: None });
    }
    events.extend([None, Some(2), Some(4)].map(|expires| Event::Verified { expires }));
    events
}

fn policies() -> Vec<Policy> {
    let mut all: Vec<Policy> = Vec::new();
    for preset in [Policy::strict(), Policy::degrade(), Policy::lenient()] {
        all.push(preset);
        for fall in [Fall::Stop, Fall::Free] {
            all.push(Policy { missing: fall, ..preset });
            all.push(Policy { expired: fall, ..preset });
            all.push(Policy { refused: fall, ..preset });
            all.push(Policy { no_seat: fall, ..preset });
        }
        for arm in [Arm::Stop, Arm::Free, Arm::Stay] {
            all.push(Policy { unreachable: arm, ..preset });
            all.push(Policy { tampered: arm, ..preset });
            all.push(Policy { integrity: arm, ..preset });
        }
        for recovery in [Recovery::Restart, Recovery::Automatic] {
            all.push(Policy { recovery, ..preset });
        }
    }
    let mut distinct = Vec::new();
    for policy in all {
        if !distinct.contains(&policy) {
            distinct.push(policy);
        }
    }
    distinct
}

/// What the test remembers beside the machine: the furthest any signature lets the product run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Signed {
    lease: Option<i64>,
    grace: Option<i64>,
}

/// When a machine that hears nothing more leaves full function; `None` is never.
fn end(machine: &Machine) -> Option<i64> {
    if machine.standing.is_full() { machine.deadline() } else { Some(i64::MIN) }
}

fn is_our_failure(event: &Event) -> bool {
    matches!(
        event,
        Event::Unreachable
            | Event::ClockSetBack
            | Event::ListStale { .. }
            | Event::Timer
            | Event::Slept
    )
}

fn hold_invariants(before: &Machine, event: &Event, after: &Machine, signed: Signed, now: i64) {
    let story = || format!("{before:?}\n  on {event:?} at {now}\n  {after:?}\n  {signed:?}");
    if matches!(before.standing, Standing::Stopped { .. }) {
        assert_eq!(before.standing, after.standing, "Stopped is final: {}", story());
    }
    if after.standing.is_full() {
        assert!(!after.found, "a grant outweighs what was found: {}", story());
        assert!(after.expires.is_none_or(|expires| expires > now), "runs past expiry: {}", story());
        assert!(
            after.deadline().is_none_or(|deadline| deadline > now),
            "a deadline was missed: {}",
            story()
        );
        if after.policy.unreachable != Arm::Stay && after.lease.is_some() {
            let limit = signed.lease.max(signed.grace);
            assert!(
                limit.is_none_or(|limit| limit > now),
                "runs past all that was signed: {}",
                story()
            );
        }
    }
    if is_our_failure(event) {
        let longer = match (end(before), end(after)) {
            (Some(before), Some(after)) => after > before,
            (Some(_), None) => true,
            (None, _) => false,
        };
        assert!(!longer, "a failure prolongs: {}", story());
        assert!(
            after.standing.is_full()
                || !before.standing.is_full()
                || *event != Event::ClockSetBack
                || before.deadline().is_some_and(|deadline| deadline <= now),
            "a wrong clock alone ends nothing: {}",
            story()
        );
        if before.judged && before.standing == Standing::Free {
            assert_eq!(after.standing, Standing::Free, "a failure stops what is free: {}", story());
        }
        let expired = before.expires.is_some_and(|expires| expires <= now);
        if before.policy.unreachable == Arm::Stay
            && before.standing == Standing::Licensed
            && !expired
        {
            assert_eq!(after.standing, Standing::Licensed, "our own failure counts: {}", story());
        }
    }
    if before.judged && before.standing == Standing::Free && after.standing != Standing::Free {
        let up = after.standing.is_full();
        assert!(
            !up || before.policy.recovery == Recovery::Automatic,
            "a silent way back up: {}",
            story()
        );
        let granted = matches!(event, Event::Answered { .. } | Event::Verified { .. });
        assert!(!up || granted, "up without a grant: {}", story());
    }
    let unexplained = after.standing == Standing::Licensed || !after.judged;
    assert_eq!(unexplained, after.reason.is_none(), "a reason is missing: {}", story());
}

/// How much the search has seen.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Searched {
    pub(super) policies: usize,
    pub(super) states: usize,
    pub(super) transitions: usize,
}

#[test]
fn no_sequence_of_events_breaks_an_invariant() {
    let searched = search();
    assert!(searched.states > 1000 && searched.transitions > 10_000, "{searched:?}");
}

/// Every reachable state under every event, with every invariant held; searched once.
pub(super) fn search() -> Searched {
    static SEARCHED: OnceLock<Searched> = OnceLock::new();
    *SEARCHED.get_or_init(explore)
}

fn explore() -> Searched {
    let events = events();
    let mut searched = Searched::default();
    for policy in policies() {
        let mut seen = HashSet::new();
        let start = (Machine::new(policy), Signed { lease: None, grace: None }, 0);
        let mut queue = VecDeque::from([start]);
        while let Some((machine, signed, now)) = queue.pop_front() {
            let Machine { policy: _, standing, reason, expires, lease, found, judged } = &machine;
            let key =
                format!("{standing:?}{reason:?}{expires:?}{lease:?}{found}{judged}{signed:?}{now}");
            if !seen.insert(key) {
                continue;
            }
            for event in &events {
                let mut signed = signed;
                match event {
                    Event::Answered { lease, .. } if *lease > now => {
                        signed = Signed { lease: Some(*lease), grace: None };
                    }
                    Event::Refused { grace_until, .. } => signed.grace = *grace_until,
                    // It counts before the first verdict only.
                    Event::Graced { until } if !machine.judged => signed.grace = Some(*until),
                    _ => {}
                }
                let after = machine.clone().on(event.clone(), now);
                hold_invariants(&machine, event, &after, signed, now);
                searched.transitions += 1;
                queue.push_back((after, signed, now));
            }
            if now < HORIZON {
                queue.push_back((machine.clone().on(Event::Timer, now + 1), signed, now + 1));
            }
        }
        assert!(seen.len() > 20, "the search found only {} states", seen.len());
        searched.policies += 1;
        searched.states += seen.len();
    }
    searched
}

const PERPETUAL: Event = Event::Answered { expires: None, lease: 100 };

fn run(policy: Policy, steps: &[(Event, i64)]) -> Standing {
    let machine = Machine::new(policy);
    steps.iter().fold(machine, |machine, (event, now)| machine.on(event.clone(), *now)).standing
}

fn refused(code: &str, grace_until: Option<i64>) -> Event {
    Event::Refused { code: code.into(), grace_until }
}

fn stopped(reason: Reason) -> Standing {
    Standing::Stopped { reason }
}

#[test]
fn silence_is_grace_to_the_end_of_the_lease_then_the_preset_decides() {
    let steps = [(PERPETUAL, 0), (Event::Unreachable, 20), (Event::Unreachable, 90)];
    for policy in [Policy::strict(), Policy::degrade()] {
        assert_eq!(run(policy, &steps), Standing::Grace { until: 100 });
    }
    let late = [&steps[..], &[(Event::Timer, 100)]].concat();
    assert_eq!(run(Policy::strict(), &late), stopped(Reason::Unreachable));
    assert_eq!(run(Policy::degrade(), &late), Standing::Free);
    assert_eq!(run(Policy::lenient(), &late), Standing::Licensed);
    assert_eq!(
        run(Policy::strict(), &[(PERPETUAL, 0), (Event::Unreachable, 9), (PERPETUAL, 10)]),
        Standing::Licensed
    );
}

#[test]
fn what_is_found_in_the_program_outlasts_grants_until_it_is_gone() {
    for event in [Event::Tampered, Event::Integrity] {
        let found = [(PERPETUAL, 0), (event.clone(), 1), (PERPETUAL, 2)];
        assert!(matches!(run(Policy::strict(), &found), Standing::Stopped { .. }));
        assert_eq!(run(Policy::degrade(), &found), Standing::Free);
        let open = Policy { recovery: Recovery::Automatic, ..Policy::degrade() };
        assert_eq!(run(open, &found), Standing::Free);
        let gone = [&found[..], &[(Event::Clean, 3), (PERPETUAL, 4)]].concat();
        assert_eq!(run(open, &gone), Standing::Licensed);
        assert_eq!(run(Policy::degrade(), &gone), Standing::Free, "only a restart leads back");
        let stays = Policy { tampered: Arm::Stay, integrity: Arm::Stay, ..Policy::strict() };
        assert_eq!(run(stays, &found), Standing::Licensed);
    }
}

#[test]
fn expiry_has_no_grace() {
    let steps = [(Event::Answered { expires: Some(50), lease: 100 }, 0), (Event::Timer, 50)];
    assert_eq!(run(Policy::strict(), &steps), stopped(Reason::Expired));
    assert_eq!(run(Policy::degrade(), &steps), Standing::Free);
    assert_eq!(run(Policy::lenient(), &steps), Standing::Free);
}

#[test]
fn suspension_acts_at_once_and_a_revocation_may_carry_a_grace() {
    let suspended = [(PERPETUAL, 0), (refused("suspended", None), 5)];
    assert_eq!(run(Policy::strict(), &suspended), stopped(Reason::Refused("suspended".into())));
    assert_eq!(run(Policy::degrade(), &suspended), Standing::Free);
    let revoked = [(PERPETUAL, 0), (refused("revoked", Some(300)), 5), (Event::Unreachable, 200)];
    assert_eq!(run(Policy::degrade(), &revoked), Standing::Grace { until: 300 });
    assert_eq!(
        run(Policy::degrade(), &[&revoked[..], &[(Event::Timer, 300)]].concat()),
        Standing::Free
    );
}

#[test]
fn a_first_start_without_a_seat_has_no_grace_and_a_running_product_goes_on_to_its_lease() {
    let first = [(refused("no_free_seat", None), 0)];
    assert_eq!(run(Policy::strict(), &first), stopped(Reason::Refused("no_free_seat".into())));
    assert_eq!(run(Policy::degrade(), &first), Standing::Free);
    let running = [(PERPETUAL, 0), (refused("too_many_nodes", None), 5)];
    assert_eq!(run(Policy::strict(), &running), Standing::Grace { until: 100 });
}

#[test]
fn the_way_back_up_is_open_only_where_recovery_says_so() {
    let steps = [(PERPETUAL, 0), (refused("suspended", None), 5), (PERPETUAL, 6)];
    assert_eq!(run(Policy::degrade(), &steps), Standing::Free);
    assert_eq!(run(Policy::lenient(), &steps), Standing::Licensed);
    let mut open = Policy::degrade();
    open.recovery = Recovery::Automatic;
    assert_eq!(run(open, &steps), Standing::Licensed);
}

#[test]
fn without_a_licence_strict_stops_and_the_others_are_free() {
    for event in [Event::NoLicense(Reason::Missing), Event::Unreachable, Event::InvalidProof] {
        assert!(matches!(run(Policy::strict(), &[(event.clone(), 0)]), Standing::Stopped { .. }));
        assert_eq!(run(Policy::degrade(), &[(event.clone(), 0)]), Standing::Free);
        assert_eq!(run(Policy::lenient(), &[(event, 0)]), Standing::Free);
    }
}

#[test]
fn what_sleeps_past_its_lease_begins_anew_and_what_was_refused_does_not() {
    let slept = [(PERPETUAL, 0), (Event::Slept, 200)];
    for policy in [Policy::strict(), Policy::degrade()] {
        assert_eq!(run(policy, &slept), Standing::Free);
        let again = Event::Answered { expires: None, lease: 300 };
        assert_eq!(
            run(policy, &[&slept[..], &[(again.clone(), 201)]].concat()),
            Standing::Licensed
        );
        let refused = [(PERPETUAL, 0), (refused("suspended", None), 5), (Event::Slept, 200)];
        assert_ne!(
            run(Policy::degrade(), &[&refused[..], &[(again, 201)]].concat()),
            Standing::Licensed
        );
    }
    let unheard = [&slept[..], &[(Event::Unreachable, 201)]].concat();
    assert_eq!(run(Policy::strict(), &unheard), stopped(Reason::Unreachable));
    assert_eq!(run(Policy::lenient(), &slept), Standing::Licensed);
}

#[test]
fn a_clock_set_back_is_grace_on_the_lease_and_no_expiry() {
    let steps = [(PERPETUAL, 0), (Event::ClockSetBack, 20)];
    assert_eq!(run(Policy::strict(), &steps), Standing::Grace { until: 100 });
    assert_eq!(
        run(Policy::strict(), &[&steps[..], &[(Event::Timer, 100)]].concat()),
        stopped(Reason::ClockSetBack)
    );
    let offline = [(Event::Verified { expires: Some(50) }, 0), (Event::ClockSetBack, 20)];
    assert_eq!(run(Policy::strict(), &offline), Standing::Licensed);
    assert_eq!(
        run(Policy::strict(), &[&offline[..], &[(Event::Timer, 50)]].concat()),
        stopped(Reason::Expired)
    );
}

#[test]
fn decision_41_a_signed_grace_carries_a_start_without_a_licence_and_ends() {
    let graced = [(Event::Graced { until: 50 }, 0)];
    for policy in [Policy::strict(), Policy::degrade()] {
        assert_eq!(run(policy, &graced), Standing::Grace { until: 50 });
    }
    let late = [&graced[..], &[(Event::Timer, 50)]].concat();
    assert_eq!(run(Policy::strict(), &late), stopped(Reason::Missing));
    let licensed = [&graced[..], &[(PERPETUAL, 20)]].concat();
    assert_eq!(run(Policy::strict(), &licensed), Standing::Licensed);
    assert_eq!(run(Policy::strict(), &[(Event::Graced { until: 5 }, 5)]), stopped(Reason::Missing));
}

#[test]
fn when_a_waiver_ends_what_is_known_decides() {
    let observing = |steps: &[(Event, i64)]| {
        let machine = Machine::new(Policy::observing());
        steps.iter().fold(machine, |machine, (event, now)| machine.on(event.clone(), *now))
    };
    let end = |steps: &[(Event, i64)], now| {
        observing(steps).under(Policy::strict()).on(Event::Timer, now).standing
    };
    let missing = [(Event::NoLicense(Reason::Missing), 0)];
    assert!(!matches!(observing(&missing).standing, Standing::Stopped { .. }));
    assert_eq!(end(&missing, 9), stopped(Reason::Missing));
    assert_eq!(
        end(&[(PERPETUAL, 0), (refused("suspended", None), 5)], 9),
        stopped(Reason::Refused("suspended".into()))
    );
    let recovered = [(PERPETUAL, 0), (refused("suspended", None), 5), (PERPETUAL, 6)];
    assert_eq!(end(&recovered, 9), Standing::Licensed);
    assert_eq!(end(&[(PERPETUAL, 0), (Event::Unreachable, 5)], 100), stopped(Reason::Unreachable));
}
