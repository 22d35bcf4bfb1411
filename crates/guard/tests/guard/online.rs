//! The life of an activation: heartbeats, refusals, events, farewell.

use std::sync::mpsc;
use std::time::Duration;

use licentia::{Policy, Reason, Setup, Standing, StartError};
use licentia_issue::Signer;
use licentia_issue::sign::sign;
use licentia_license::keyset::{KeyEntry, KeyState, Keyset, Purpose};
use serde_json::json;

use crate::support::http::Reply;
use crate::support::*;

const ACTIVATE: &str = "/v1/license/activate";
const HEARTBEAT_PATH: &str = "/v1/license/heartbeat";
const DEACTIVATE: &str = "/v1/license/deactivate";

#[test]
fn a_start_takes_a_seat_and_the_checks_read_the_licence() {
    let world = World::new();
    let setup = Setup { email: Some("a@example.com".into()), ..Setup::default() };
    let guard = world.online().setup(setup).nodes(3).start().unwrap();
    assert_eq!(guard.standing(), Standing::Licensed);
    assert!(guard.snapshot().cluster_id().starts_with("bzzz-cluster-"));
    guard.ensure("advanced").unwrap();
    guard.require_tier(2).unwrap();
    guard.require_tier("standard").unwrap();
    guard.require_tier("FREE").unwrap();
    guard.within("nodes", 10).unwrap();
    guard.within("tokens", u64::MAX).unwrap();
    for (denied, wanted) in [
        (
            guard.ensure("grpc").unwrap_err(),
            "the feature `grpc` is not part of the tier STANDARD. Ask the vendor",
        ),
        (
            guard.require_tier("ENTERPRISE").unwrap_err(),
            "this requires the tier ENTERPRISE or higher, not STANDARD. ",
        ),
        (
            guard.require_tier(3).unwrap_err(),
            "this requires the tier of rank 3 or higher, not STANDARD. ",
        ),
        (
            guard.within("nodes", 11).unwrap_err(),
            "11 nodes are more than the tier STANDARD allows (10). ",
        ),
        (
            guard.within("agents", 1).unwrap_err(),
            "1 agents are more than the tier STANDARD allows (none). ",
        ),
    ] {
        assert!(denied.to_string().starts_with(wanted), "{denied}");
    }
    let sent = &world.authority.seen(ACTIVATE)[0].body;
    assert_eq!(
        (&sent["product"], &sent["email"], &sent["nodes"]),
        (&json!("bzzz"), &json!("a@example.com"), &json!(3))
    );
    assert_eq!(sent.get("generation"), None);
}

#[test]
fn a_signed_refusal_acts_at_once_as_the_preset_says() {
    for (policy, fits) in [
        (Policy::strict(), is_stopped as fn(&Standing) -> bool),
        (Policy::degrade(), is_free),
        (Policy::lenient(), is_free),
    ] {
        let world = World::new();
        let guard = world
            .online()
            .policy(policy)
            .free_features(["basic"])
            .cluster_id("the-cluster")
            .start()
            .unwrap();
        let mut watch = guard.watch();
        world.behave(|authority, request| {
            authority.problem(403, Some(&authority.refusal(request, "suspended")))
        });
        world.clock.advance(2 * HEARTBEAT);
        let current = until(&mut watch, fits);
        assert_eq!(current.reason(), Some(&Reason::Refused("suspended".into())));
        assert!(!guard.has_feature("advanced"));
        assert_eq!(guard.has_feature("basic"), fits(&Standing::Free));
        let denied = guard.ensure("advanced").unwrap_err();
        assert!(
            denied
                .to_string()
                .ends_with("since the licence is suspended. Ask the vendor to resume the licence."),
            "{denied}"
        );
    }
}

#[test]
fn an_event_brings_the_heartbeat_forward_and_a_resumption_too() {
    let world = World::new();
    let (events, stream) = mpsc::channel();
    let mut stream = Some(stream);
    let (connected, connection) = mpsc::channel();
    let suspended = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_suspended = std::sync::Arc::clone(&suspended);
    world.behave(move |authority, request| match request.path.as_str() {
        "/v1/license/events" => stream.take().map_or(Reply::Nothing, |stream| {
            let _ = connected.send(request.bearer.clone());
            Reply::Stream(stream)
        }),
        HEARTBEAT_PATH if is_suspended.load(std::sync::atomic::Ordering::SeqCst) => {
            authority.problem(403, Some(&authority.refusal(request, "suspended")))
        }
        _ => authority.grant(request),
    });
    let guard = world.online().policy(Policy::lenient()).cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    assert_eq!(connection.recv_timeout(PATIENCE).unwrap().as_deref(), Some(TOKEN));
    suspended.store(true, std::sync::atomic::Ordering::SeqCst);
    events.send("event: suspended\ndata: {}\n\n").unwrap();
    // Two seconds, of fifteen minutes to the next heartbeat.
    world.clock.advance(1);
    until(&mut watch, is_free);
    suspended.store(false, std::sync::atomic::Ordering::SeqCst);
    events.send("event: resumed\ndata: {}\n\n").unwrap();
    world.clock.advance(1);
    until(&mut watch, is_licensed);
}

#[test]
fn an_event_brings_the_heartbeat_forward_although_the_clock_was_days_ahead_at_the_start() {
    let world = World::new();
    let (events, stream) = mpsc::channel();
    let mut stream = Some(stream);
    world.behave(move |authority, request| match request.path.as_str() {
        "/v1/license/events" => stream.take().map_or(Reply::Nothing, Reply::Stream),
        HEARTBEAT_PATH => authority.problem(403, Some(&authority.refusal(request, "suspended"))),
        _ => authority.grant(request),
    });
    let ahead = std::sync::Arc::new(clock::ManualClock::at(T0 + 3 * 86_400));
    let builder = world.online().clock(ahead.clone()).policy(Policy::degrade());
    let guard = builder.cluster_id("the-cluster").start().unwrap();
    events.send("event: suspended\ndata: {}\n\n").unwrap();
    ahead.advance(1);
    until(&mut guard.watch(), is_free);
}

#[test]
fn what_happened_before_the_stream_stood_is_asked_for() {
    let world = World::new();
    let (events, stream) = mpsc::channel::<&str>();
    let mut stream = Some(stream);
    world.behave(move |authority, request| match request.path.as_str() {
        "/v1/license/events" => stream.take().map_or(Reply::Nothing, Reply::Stream),
        HEARTBEAT_PATH => authority.problem(403, Some(&authority.refusal(request, "suspended"))),
        _ => authority.grant(request),
    });
    let guard = world.online().policy(Policy::degrade()).start().unwrap();
    world.clock.advance(1);
    until(&mut guard.watch(), is_free);
    drop(events);
}

#[test]
fn a_heartbeat_that_fails_before_it_was_due_is_no_news() {
    let world = World::new();
    let (events, stream) = mpsc::channel();
    let mut stream = Some(stream);
    let (beat, beats) = mpsc::channel();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    let handle = guard.clone();
    world.behave(move |_, request| match request.path.as_str() {
        "/v1/license/events" => stream.take().map_or(Reply::Nothing, Reply::Stream),
        _ => {
            let _ = beat.send(handle.standing());
            Reply::Nothing
        }
    });
    events.send("event: changed\n\n").unwrap();
    // The second attempt sees what became of the first.
    for _ in 0..2 {
        let seen = loop {
            world.clock.advance(2);
            match beats.recv_timeout(Duration::from_millis(20)) {
                Err(mpsc::RecvTimeoutError::Timeout) if world.clock.now() < T0 + HEARTBEAT - 2 => {}
                seen => break seen,
            }
        };
        assert_eq!(seen, Ok(Standing::Licensed));
    }
    world.behave_well();
}

#[test]
fn a_first_start_without_a_seat_is_told_so() {
    let world = World::new();
    world.behave(|authority, request| {
        authority.problem(409, Some(&authority.refusal(request, "no_free_seat")))
    });
    let error = world.online().start().unwrap_err();
    assert_eq!(error, StartError::Unlicensed(Reason::Refused("no_free_seat".into())));
    assert_eq!(error.to_string(), "the product cannot start: all seats of the licence are taken");
    assert!(error.advice().contains("release a seat"));
}

#[test]
fn silence_is_grace_to_the_end_of_the_lease_and_no_longer() {
    let world = World::new();
    let guard = world.online().policy(Policy::degrade()).cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    world.behave(|_, _| Reply::Nothing);
    world.clock.advance(2 * HEARTBEAT);
    assert_eq!(*until(&mut watch, is_grace).standing(), Standing::Grace { until: T0 + GRACE });
    world.clock.advance(T0 + GRACE - 1 - world.clock.now());
    assert!(guard.has_feature("advanced"));
    world.clock.advance(1);
    assert_eq!(until(&mut watch, is_free).reason(), Some(&Reason::Unreachable));
    // M8: the way back up takes a restart.
    world.behave_well();
    let contacts = world.authority.seen.lock().unwrap().len();
    world.clock.advance(GRACE);
    assert_eq!(guard.standing(), Standing::Free);
    guard.shutdown_blocking();
    let later: Vec<_> =
        world.authority.seen.lock().unwrap()[contacts..].iter().map(|r| r.path.clone()).collect();
    assert!(!later.iter().any(|path| path == ACTIVATE || path == HEARTBEAT_PATH), "{later:?}");
}

#[test]
fn a_lost_answer_is_asked_for_again_under_the_same_nonce_and_generation() {
    let world = World::new();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    let mut lose = true;
    world.behave(move |authority, request| match request.path.as_str() {
        HEARTBEAT_PATH if std::mem::take(&mut lose) => Reply::Nothing,
        _ => authority.grant(request),
    });
    world.clock.advance(2 * HEARTBEAT);
    until(&mut watch, is_grace);
    world.clock.advance(HEARTBEAT);
    until(&mut watch, is_licensed);
    world.behave(|_, _| Reply::Nothing);
    world.clock.advance(2 * HEARTBEAT);
    until(&mut watch, is_grace);
    let beats = world.authority.seen(HEARTBEAT_PATH);
    let of = |index: usize, name: &str| beats[index].body[name].clone();
    assert_eq!((of(0, "nonce"), of(0, "generation")), (of(1, "nonce"), of(1, "generation")));
    assert_ne!(of(1, "nonce"), of(2, "nonce"));
    assert_eq!((of(0, "generation"), of(2, "generation")), (json!(1), json!(2)));
    assert_eq!(beats[0].bearer.as_deref(), Some(TOKEN));
}

#[test]
fn d13_an_activation_is_asked_for_again_under_one_key_until_the_authority_has_no_answer_to_it() {
    let world = World::new();
    let mut asked = 0;
    world.behave(move |authority, request| {
        asked += 1;
        match (request.path.as_str(), asked) {
            // The answer is lost, then no longer there, then the question is taken as a new one.
            (ACTIVATE, 1..=2) => Reply::Nothing,
            (ACTIVATE, 3) => problem(401, None),
            _ => authority.grant(request),
        }
    });
    let mut policy = Policy::degrade();
    policy.recovery = licentia::policy::Recovery::Automatic;
    let guard = world.online().cluster_id("the-cluster").policy(policy).start().unwrap();
    let mut watch = guard.watch();
    advance_until(&world, &mut watch, |current| is_licensed(current.standing()));
    world.clock.advance(2 * HEARTBEAT);
    until_lease(&mut watch, world.clock.now() + GRACE);
    let asked = world.authority.seen(ACTIVATE);
    let key = asked[0].idempotency_key.as_deref().unwrap();
    assert_eq!((asked.len(), key.len()), (4, 32));
    assert!(
        asked.iter().all(|request| request.body == asked[0].body),
        "the nonce tells the holder"
    );
    let keys: Vec<_> = asked.iter().map(|request| request.idempotency_key.as_deref()).collect();
    assert_eq!(keys, [Some(key), Some(key), Some(key), None]);
    assert!(world.authority.seen(HEARTBEAT_PATH).iter().all(|beat| beat.idempotency_key.is_none()));
}

#[test]
fn a_stale_token_costs_one_activation_and_the_product_never_notices() {
    let world = World::new();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    let mut stale = true;
    let (done, activated_again) = mpsc::channel();
    world.behave(move |authority, request| match request.path.as_str() {
        HEARTBEAT_PATH if std::mem::take(&mut stale) => problem(401, None),
        ACTIVATE => {
            let _ = done.send(request.body["generation"].clone());
            authority.grant(request)
        }
        _ => authority.grant(request),
    });
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    world.clock.advance(2 * HEARTBEAT);
    assert_eq!(activated_again.recv_timeout(PATIENCE).unwrap(), json!(1));
    let current = until(&mut watch, |_| true);
    assert_eq!(
        (current.standing(), current.lease_until()),
        (&Standing::Licensed, Some(T0 + 2 * HEARTBEAT + GRACE))
    );
}

#[test]
fn a_changed_licence_is_taken_over_while_running() {
    let world = World::new();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    {
        let mut license = world.authority.license.lock().unwrap();
        (license.tier, license.rank, license.jti) = ("ENTERPRISE".into(), 3, "key-2".into());
        license.features.push("grpc".into());
    }
    world.behave(|authority, request| {
        let mut answer = authority.heartbeat(request);
        answer["license"] =
            sign(&*authority.license.lock().unwrap(), &authority.signer).unwrap().into();
        answer["access_token"] = "lat_another".into();
        Reply::json(200, &answer)
    });
    world.clock.advance(2 * HEARTBEAT);
    assert_eq!(until(&mut watch, |_| true).tier(), "ENTERPRISE");
    guard.ensure("grpc").unwrap();
    world.behave_well();
    guard.shutdown_blocking();
    assert_eq!(world.authority.seen(DEACTIVATE)[0].bearer.as_deref(), Some("lat_another"));
}

#[test]
fn an_unknown_signing_key_makes_the_guard_fetch_the_keyset() {
    let world = World::new();
    let root = signer(5);
    let keyset = Keyset {
        iss: "https://authority.example".into(),
        iat: T0,
        exp: None,
        version: 3,
        keys: vec![KeyEntry {
            jwk: world.authority.signer.public_key().to_jwk(),
            purposes: vec![Purpose::License, Purpose::Lease],
            state: KeyState::Active,
            not_before: None,
            not_after: None,
        }],
    };
    let keyset = json!({ "keyset": sign(&keyset, &root).unwrap() });
    world.behave(move |authority, request| match request.path.as_str() {
        "/keyset.json" => Reply::json(200, &keyset),
        _ => authority.grant(request),
    });
    let guard = licentia::Guard::builder("bzzz", root.public_key().to_pem())
        .environment(licentia::Environment::default())
        .clock(world.clock.clone())
        .license_key(world.key())
        .server(world.server.address())
        .start()
        .unwrap();
    assert_eq!(guard.standing(), Standing::Licensed);
    assert_eq!(world.authority.seen("/keyset.json").len(), 1);
}

#[test]
fn a_key_that_says_nothing_by_itself_is_exchanged_for_a_licence() {
    let world = World::new();
    let guard = world.online().license_key("BZZZ-2025-ABC123-XYZ").start().unwrap();
    assert_eq!((guard.standing(), guard.tier().as_str()), (Standing::Licensed, "STANDARD"));
    assert_eq!(world.authority.seen(ACTIVATE)[0].body["license_key"], "BZZZ-2025-ABC123-XYZ");
    assert_eq!(guard.license().unwrap().jti, "key-1");
}

#[test]
fn a_shut_down_gives_the_seat_back_and_so_does_the_last_handle() {
    let world = World::new();
    let guard = world.guard(Policy::strict());
    guard.shutdown_blocking();
    guard.shutdown_blocking();
    assert_eq!(guard.standing(), Standing::Stopped { reason: Reason::ShutDown });
    assert!(guard.ensure("advanced").is_err());
    let farewells = world.authority.seen(DEACTIVATE);
    assert_eq!(farewells.len(), 1);
    assert_eq!(farewells[0].body["activation_id"], activation_id().to_string());
    assert_eq!(farewells[0].bearer.as_deref(), Some(TOKEN));

    let guard = world.guard(Policy::strict());
    let other = guard.clone();
    drop(guard);
    assert_eq!(world.authority.seen(DEACTIVATE).len(), 1);
    drop(other);
    assert_eq!(world.authority.seen(DEACTIVATE).len(), 2);
}

#[tokio::test]
async fn an_async_program_starts_watches_and_shuts_down() {
    let world = World::new();
    let guard = world.online().start_async().await.unwrap();
    let mut watch = guard.watch();
    assert_eq!(*watch.changed().await.unwrap().standing(), Standing::Licensed);
    guard.shutdown().await;
    assert!(is_stopped(watch.changed().await.unwrap().standing()));
    drop(guard);
    assert!(watch.changed().await.is_none());
}
