//! What outlives a run: cluster id, generation, lease. Never the token.

use std::fs;

use licentia::{Policy, Reason, Standing, StartError};

use crate::support::http::Reply;
use crate::support::*;

fn state_file(world: &World) -> std::path::PathBuf {
    world.folder.path().join("state").join("license-state.json")
}

/// A run that ends without giving its seat back, as a killed process does.
fn run_and_die(world: &World) -> String {
    let guard = world.guard(Policy::strict());
    let id = guard.snapshot().cluster_id().to_owned();
    world.kill(guard);
    id
}

#[test]
fn the_cluster_id_and_the_generation_are_kept_and_the_token_is_not() {
    let world = World::new();
    let id = run_and_die(&world);
    let text = fs::read_to_string(state_file(&world)).unwrap();
    assert!(text.contains(&id) && !text.contains(TOKEN), "{text}");
    world.behave_well();
    let guard = world.guard(Policy::strict());
    assert_eq!(guard.snapshot().cluster_id(), id);
    assert_eq!(world.authority.seen("/v1/license/activate").last().unwrap().body["generation"], 1);
}

#[test]
fn a_lease_that_runs_carries_a_start_without_the_authority() {
    for policy in [Policy::strict(), Policy::degrade()] {
        let world = World::new();
        run_and_die(&world);
        world.clock.advance(GRACE - 1);
        let guard = world.guard(policy);
        assert_eq!(guard.standing(), Standing::Grace { until: T0 + GRACE });
        guard.ensure("advanced").unwrap();
    }
}

#[test]
fn a_lease_that_ended_was_moved_or_changed_carries_nothing() {
    type Spoil = fn(&World);
    let spoils: [(&str, Spoil); 4] = [
        ("ended", |world| world.clock.advance(GRACE)),
        ("torn", |world| {
            let text = fs::read(state_file(world)).unwrap();
            fs::write(state_file(world), &text[..text.len() / 2]).unwrap();
        }),
        ("another cluster's", |world| {
            let text = fs::read_to_string(state_file(world)).unwrap();
            fs::write(state_file(world), text.replace("bzzz-cluster-", "bzzz-cluster-x")).unwrap();
        }),
        ("of another licence", |world| {
            world.authority.license.lock().unwrap().sub = "other".into();
        }),
    ];
    for (name, spoil) in spoils {
        let world = World::new();
        run_and_die(&world);
        spoil(&world);
        let error = world.online().start().expect_err(name);
        assert_eq!(error, StartError::Unlicensed(Reason::Unreachable), "{name}");
        let guard = world.guard(Policy::degrade());
        assert_eq!(guard.standing(), Standing::Free, "{name}");
        drop(guard);
        let guard = world.guard(Policy::lenient());
        assert_eq!(guard.standing(), Standing::Licensed, "{name}: the licence itself checks out");
    }
}

#[test]
fn an_opaque_key_runs_on_the_lease_that_it_was_exchanged_for_and_on_no_other() {
    let world = World::new();
    world.kill(world.online().license_key("BZZZ-2025-ABC123-XYZ").start().unwrap());
    let text = fs::read_to_string(state_file(&world)).unwrap();
    assert!(!text.contains("ABC123"), "{text}");
    let guard = world.online().license_key("BZZZ-2025-ABC123-XYZ").start().unwrap();
    assert!(is_grace(&guard.standing()));
    drop(guard);
    assert!(world.online().license_key("BZZZ-2025-OTHER-XYZ").start().is_err());
    let lenient = world
        .online()
        .license_key("BZZZ-2025-OTHER-XYZ")
        .policy(Policy::lenient())
        .start()
        .unwrap();
    assert_eq!(lenient.standing(), Standing::Free, "nothing that was signed stands behind it");
}

#[test]
fn a_seat_that_was_given_back_is_not_run_on() {
    let world = World::new();
    world.guard(Policy::strict()).shutdown_blocking();
    world.behave(|_, _| Reply::Nothing);
    assert_eq!(world.online().start().unwrap_err(), StartError::Unlicensed(Reason::Unreachable));
}

#[test]
fn a_seat_that_may_have_been_given_back_is_not_run_on_and_one_that_was_not_is() {
    type Answer = fn() -> Reply;
    let answers: [(&str, Answer, bool); 4] = [
        ("the answer is lost", || Reply::Nothing, false),
        ("half an answer", || Reply::Bytes(b"HTTP/1.1 204".to_vec()), false),
        ("a fault", || Reply::empty(503), true),
        ("a page", || Reply::text(200, "text/html", "Log in"), true),
    ];
    for (name, answer, runs) in answers {
        let world = World::new();
        let guard = world.guard(Policy::strict());
        world.behave(move |_, _| answer());
        guard.shutdown_blocking();
        drop(guard);
        world.behave(|_, _| Reply::Nothing);
        assert_eq!(world.online().start().is_ok(), runs, "{name}");
        world.behave_well();
        assert_eq!(world.guard(Policy::strict()).standing(), Standing::Licensed, "{name}");
    }
}

#[test]
fn a_state_folder_that_cannot_be_used_hinders_nobody() {
    let world = World::new();
    let path = world.folder.path().join("a file");
    fs::write(&path, "").unwrap();
    let guard = world.online().state_dir(path).start().unwrap();
    assert_eq!(guard.standing(), Standing::Licensed);
}
