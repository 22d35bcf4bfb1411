//! The state file in every condition: each ends in a defined standing, and none in a second seat.

use std::fs;
use std::path::{Path, PathBuf};

use licentia::fingerprint::Machine;
use licentia::{Guard, Memory, Policy, Reason, Standing, StartError};
use serde_json::json;

use crate::support::http::Reply;
use crate::support::*;

const ACTIVATE: &str = "/v1/license/activate";

fn folder(world: &World) -> PathBuf {
    world.folder.path().join("state")
}

fn file(world: &World) -> PathBuf {
    folder(world).join("license-state.json")
}

/// A run that ends without giving its seat back, as a killed process does.
fn run_and_die(world: &World) -> String {
    let guard = world.guard(Policy::strict());
    let id = guard.snapshot().cluster_id().to_owned();
    world.kill(guard);
    id
}

fn another_machine(world: &World) -> Machine {
    let root = world.folder.path().join("other machine");
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::write(root.join("etc/machine-id"), "0123456789abcdef0123456789abcdef\n").unwrap();
    Machine::under(&root, "bzzz")
}

#[test]
fn decision_12_a_copy_on_another_machine_carries_nothing_and_keeps_the_cluster_id() {
    let world = World::new();
    let id = run_and_die(&world);
    let elsewhere = |policy| world.online().policy(policy).machine(another_machine(&world));
    let copy = fs::read(file(&world)).unwrap();
    let error = elsewhere(Policy::strict()).start().unwrap_err();
    assert_eq!(error, StartError::Unlicensed(Reason::Unreachable));
    fs::write(file(&world), copy).unwrap();
    world.behave_well();
    let guard = elsewhere(Policy::strict()).start().unwrap();
    assert_eq!(guard.snapshot().memory(), Memory::Foreign);
    assert_eq!(guard.snapshot().cluster_id(), id, "it takes the seat over and no second one");
    let asked = world.authority.seen(ACTIVATE).pop().unwrap().body;
    assert_eq!((asked.get("generation"), &asked["cluster_id"]), (None, &json!(id)));
}

#[test]
fn a_roll_back_costs_one_activation_and_its_lease_still_ends_where_it_did() {
    let world = World::new();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    let old = fs::read(file(&world)).unwrap();
    let mut watch = guard.watch();
    world.clock.advance(2 * HEARTBEAT);
    until_lease(&mut watch, T0 + 2 * HEARTBEAT + GRACE);
    world.kill(guard);
    fs::write(file(&world), &old).unwrap();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    assert_eq!(guard.standing(), Standing::Grace { until: T0 + GRACE });
    drop(guard);
    world.behave_well();
    let _guard = world.online().cluster_id("the-cluster").start().unwrap();
    assert_eq!(world.authority.seen(ACTIVATE).pop().unwrap().body["generation"], 1);
}

#[test]
fn a_torn_or_unreadable_file_is_told_and_replaced() {
    type Spoil = fn(&Path);
    let spoils: [(Memory, Spoil); 3] = [
        (Memory::Damaged, |path| fs::write(path, &fs::read(path).unwrap()[..40]).unwrap()),
        (Memory::Damaged, |path| fs::write(path, "").unwrap()),
        (Memory::Unreadable, |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
    ];
    for (memory, spoil) in spoils {
        let world = World::new();
        run_and_die(&world);
        spoil(&file(&world));
        let error = world.online().start().unwrap_err();
        assert_eq!(error, StartError::Unlicensed(Reason::Unreachable), "{memory:?}");
    }
    let world = World::new();
    run_and_die(&world);
    world.behave_well();
    fs::write(file(&world), "torn").unwrap();
    let guard = world.guard(Policy::strict());
    assert_eq!(guard.snapshot().memory(), Memory::Damaged);
    drop(guard);
    assert_eq!(world.guard(Policy::strict()).snapshot().memory(), Memory::Kept);
}

#[test]
fn a_no_outlives_the_process_and_the_network() {
    for policy in [Policy::strict(), Policy::degrade(), Policy::lenient()] {
        let world = World::new();
        let guard = world.online().policy(policy).cluster_id("the-cluster").start().unwrap();
        let mut watch = guard.watch();
        world.behave(|authority, request| {
            authority.problem(403, Some(&authority.refusal(request, "suspended")))
        });
        world.clock.advance(2 * HEARTBEAT);
        until(&mut watch, |standing| !standing.is_full());
        world.behave(|_, _| Reply::Nothing);
        drop((guard, watch));
        let again = world.online().policy(policy).cluster_id("the-cluster");
        let reason = Reason::Refused("suspended".into());
        match again.start() {
            Err(error) => assert_eq!(error, StartError::Unlicensed(reason)),
            Ok(guard) => {
                assert_eq!(guard.standing(), Standing::Free);
                assert_eq!(guard.snapshot().reason(), Some(&reason));
            }
        }
        // The authority has the last word.
        world.behave_well();
        let guard = world.online().policy(policy).cluster_id("the-cluster").start().unwrap();
        assert_eq!(guard.standing(), Standing::Licensed);
    }
}

#[test]
fn decision_38_an_invalid_activation_proof_counts_as_a_missing_licence() {
    for (policy, stops) in
        [(Policy::strict(), true), (Policy::degrade(), false), (Policy::lenient(), false)]
    {
        let world = World::new();
        // The proof is another machine's, though everything else is good.
        let stranger = another_machine(&world).fingerprints()[0].to_string();
        world.behave(move |authority, request| match request.path.as_str() {
            ACTIVATE => {
                let mut lease = authority.lease(request);
                lease.cluster_id = request.body["cluster_id"].as_str().unwrap().into();
                lease.fingerprint = Some(stranger.clone());
                Reply::json(201, &authority.activation_with(&lease))
            }
            _ => authority.grant(request),
        });
        let guard = world.online().policy(policy).start().unwrap();
        world.kill(guard);
        let started = world.online().policy(policy).start();
        if stops {
            assert_eq!(started.unwrap_err(), StartError::Unlicensed(Reason::InvalidProof));
        } else {
            let guard = started.unwrap();
            assert_eq!(guard.standing(), Standing::Free);
            assert_eq!(guard.snapshot().reason(), Some(&Reason::InvalidProof));
        }
    }
}

#[test]
fn two_processes_on_one_folder_share_one_seat_and_the_second_takes_over() {
    let world = World::new();
    let start = || world.online().cluster_id("the-cluster").start().unwrap();
    let (first, second) = (start(), start());
    assert_eq!(second.standing(), Standing::Licensed);
    assert_eq!(first.snapshot().cluster_id(), second.snapshot().cluster_id());
    assert_eq!(world.authority.seen(ACTIVATE).len(), 1, "one seat");

    // What the one is granted, the other has.
    let mut watch = second.watch();
    world.clock.advance(2 * HEARTBEAT);
    advance_until(&world, &mut watch, |now| now.lease_until() > Some(T0 + GRACE));

    first.shutdown_blocking();
    let mut tries = 0;
    while world.authority.seen(ACTIVATE).len() < 2 {
        world.clock.advance(1);
        std::thread::yield_now();
        tries += 1;
        assert!(tries < 1_000_000, "the second never took over");
    }
    assert_eq!(second.standing(), Standing::Licensed);
}

#[test]
fn what_stops_the_process_that_leads_stops_the_one_that_follows() {
    let world = World::new();
    let first = world.online().policy(Policy::degrade()).cluster_id("the-cluster").start().unwrap();
    let second =
        world.online().policy(Policy::degrade()).cluster_id("the-cluster").start().unwrap();
    world.behave(|authority, request| {
        authority.problem(403, Some(&authority.refusal(request, "suspended")))
    });
    world.clock.advance(2 * HEARTBEAT);
    until(&mut first.watch(), is_free);
    advance_until(&world, &mut second.watch(), |now| is_free(now.standing()));
    assert_eq!(second.snapshot().reason(), Some(&Reason::Refused("suspended".into())));
}

#[test]
fn a_folder_that_is_full_or_read_only_is_lived_with() {
    // Root may write into a read-only folder, so the place is one where nobody can.
    let world = World::new();
    let guard = world.online().state_dir("/proc/licentia").start().unwrap();
    assert_eq!(guard.standing(), Standing::Licensed);
    drop(guard);
    if Path::new("/dev/full").exists() {
        let state = folder(&world);
        fs::create_dir_all(&state).unwrap();
        let temporary = state.join(format!("license-state.json.{}.tmp", std::process::id()));
        std::os::unix::fs::symlink("/dev/full", &temporary).unwrap();
        let guard = world.guard(Policy::strict());
        assert_eq!(guard.standing(), Standing::Licensed);
    }
}

#[test]
fn a_look_from_outside_changes_nothing_and_asks_nobody() {
    let world = World::new();
    let fresh = world.online().status().unwrap();
    assert_eq!((fresh.memory(), fresh.in_use), (Memory::New, false));
    assert!(!folder(&world).exists());
    let guard = world.guard(Policy::strict());
    let before = fs::read(file(&world)).unwrap();
    let calls = world.authority.seen.lock().unwrap().len();
    let status = world.online().status().unwrap();
    assert!(status.in_use);
    assert_eq!(*status.snapshot.standing(), Standing::Grace { until: T0 + GRACE });
    assert_eq!(status.license().unwrap().tier, "STANDARD");
    assert_eq!(fs::read(file(&world)).unwrap(), before);
    assert_eq!(
        world.authority.seen.lock().unwrap().iter().filter(|r| r.path == ACTIVATE).count(),
        1,
        "{calls}"
    );
    drop(guard);
    assert!(!world.online().status().unwrap().in_use);
}

#[test]
fn a_command_activates_leaves_the_seat_and_gives_it_back() {
    let world = World::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let guard: Guard = world.online().start_async().await.unwrap();
        let id = guard.snapshot().cluster_id().to_owned();
        guard.leave().await;
        drop(guard);
        assert!(world.authority.seen("/v1/license/deactivate").is_empty());
        world.online().deactivate().await.unwrap();
        let sent = world.authority.seen("/v1/license/deactivate").pop().unwrap().body;
        assert_eq!((&sent["cluster_id"], &sent["license_key"]), (&json!(id), &json!(world.key())));
    });
    world.behave(|_, _| Reply::Nothing);
    assert!(
        world.online().start().is_err(),
        "the lease of a seat that was given back is not run on"
    );
}
