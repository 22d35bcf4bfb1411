//! A licence that is replaced while the product runs, and the word that it ends soon.

use std::sync::mpsc;

use licentia::{Environment, License, Policy, Reason, Standing, StartError};
use licentia_issue::sign::sign;

use crate::support::http::Reply;
use crate::support::*;

fn key_of(world: &World, change: impl Fn(&mut License)) -> String {
    let mut license = license("bzzz");
    change(&mut license);
    sign(&license, &world.authority.signer).unwrap()
}

#[test]
fn a_licence_file_that_is_renewed_is_taken_up_without_a_restart() {
    let world = World::new();
    let path = world.folder.path().join("my.lic");
    std::fs::write(&path, world.key()).unwrap();
    let guard = world.in_file(&path).policy(Policy::strict()).start().unwrap();
    let mut watch = guard.watch();
    assert!(!guard.has_feature("grpc"));
    // Half a copy locks nobody out, nor does a licence for another product.
    let renewed = key_of(&world, |license| {
        license.exp = Some(T0 + 400 * 86_400);
        license.features.push("grpc".into());
    });
    let other = sign(&license("tmws"), &world.authority.signer).unwrap();
    for bad in [&renewed[..renewed.len() / 2], "", &other] {
        std::fs::write(&path, bad).unwrap();
        world.clock.advance(11);
        assert_eq!(guard.standing(), Standing::Licensed);
    }
    std::fs::write(&path, &renewed).unwrap();
    advance_until(&world, &mut watch, |now| now.has_feature("grpc"));
    world.clock.advance(100 * 86_400);
    assert_eq!(guard.standing(), Standing::Licensed);
}

#[test]
fn a_licence_that_is_put_in_where_none_was_is_taken_up_where_recovery_is_automatic() {
    for (policy, rises) in [(Policy::lenient(), true), (Policy::degrade(), false)] {
        let world = World::new();
        let folder = world.folder.path().join("licenses");
        std::fs::create_dir(&folder).unwrap();
        let builder = licentia::Guard::builder("bzzz", world.trust())
            .environment(Environment::default().program_folder(world.folder.path()))
            .clock(world.clock.clone())
            .policy(policy);
        let guard = builder.start().unwrap();
        assert_eq!(guard.snapshot().reason(), Some(&Reason::Missing));
        std::fs::write(folder.join("license.key"), world.key()).unwrap();
        let mut watch = guard.watch();
        if rises {
            advance_until(&world, &mut watch, |now| is_licensed(now.standing()));
        } else {
            world.clock.advance(60);
            assert_eq!(guard.standing(), Standing::Free, "M8: a restart is needed");
        }
    }
}

#[test]
fn another_licence_counts_once_the_authority_has_granted_it_and_the_former_seat_is_given_back() {
    let world = World::new();
    let path = world.folder.path().join("my.lic");
    std::fs::write(&path, world.key()).unwrap();
    let guard = world
        .in_file(&path)
        .server(world.server.address())
        .cluster_id("the-cluster")
        .start()
        .unwrap();
    let mut watch = guard.watch();
    let (left, farewell) = mpsc::channel();
    world.behave(move |authority, request| {
        if request.path == "/v1/license/deactivate" {
            let _ = left.send(request.body.clone());
        }
        authority.grant(request)
    });
    world.authority.license.lock().unwrap().sub = "another".into();
    world.authority.license.lock().unwrap().tier = "ENTERPRISE".into();
    std::fs::write(&path, world.key()).unwrap();
    let now = advance_until(&world, &mut watch, |now| now.tier() == "ENTERPRISE");
    assert_eq!(now.license().unwrap().sub, "another");
    let told = farewell.recv_timeout(PATIENCE).unwrap();
    assert_eq!(told["activation_id"], activation_id().to_string());
}

#[test]
fn a_mounted_secret_is_read_from_the_file_that_the_environment_names() {
    let world = World::new();
    let path = world.folder.path().join("secret");
    std::fs::write(&path, format!("{}\n", world.key())).unwrap();
    let environment = |value: &str| Environment::of_variables([("LICENSE_KEY_FILE", value)]);
    let builder = |value: &str| {
        licentia::Guard::builder("bzzz", world.trust())
            .environment(environment(value))
            .clock(world.clock.clone())
    };
    assert_eq!(builder(path.to_str().unwrap()).start().unwrap().standing(), Standing::Licensed);
    let error = builder("/not/there").start().unwrap_err();
    assert!(error.to_string().contains("LICENSE_KEY_FILE"), "{error}");
}

#[test]
fn decision_39_the_environment_may_shorten_the_grace_and_never_lengthen_it() {
    for (hours, end) in [("1", 3600), ("1000", GRACE)] {
        let world = World::new();
        let environment = Environment::of_variables([("LICENSE_OFFLINE_GRACE_HOURS", hours)]);
        let guard = world
            .online()
            .environment(environment)
            .policy(Policy::degrade())
            .cluster_id("the-cluster")
            .start()
            .unwrap();
        assert_eq!(guard.snapshot().lease_until(), Some(T0 + end));
        let mut watch = guard.watch();
        world.behave(|_, _| Reply::Nothing);
        world.clock.advance(2 * HEARTBEAT);
        assert_eq!(*until(&mut watch, is_grace).standing(), Standing::Grace { until: T0 + end });
        world.clock.advance(end - 2 * HEARTBEAT);
        until(&mut watch, is_free);
    }
    for (name, value) in
        [("LICENSE_OFFLINE_GRACE_HOURS", "0"), ("LICENSE_HEARTBEAT_INTERVAL_MINUTES", "often")]
    {
        let world = World::new();
        let environment = Environment::of_variables([(name, value)]);
        let error = world.online().environment(environment).start().unwrap_err();
        assert!(
            matches!(&error, StartError::Misconfigured(why) if why.starts_with(name)),
            "{error}"
        );
    }
}

#[test]
fn the_end_is_told_seven_days_ahead_and_once_a_day() {
    let world = World::new();
    world.authority.license.lock().unwrap().exp = Some(T0 + 10 * 86_400);
    let log = log::Log::read();
    let guard = world.offline().start().unwrap();
    let told = |times| log.until("expires_soon", "2027-01-25T08:00:00Z", times);
    world.clock.advance(2 * 86_400);
    for day in 3..10 {
        for _ in 0..4 {
            world.clock.advance(21_600);
        }
        told(day - 2);
    }
    assert_eq!(log.count("expires_soon", "2027-01-25T08:00:00Z"), 7);
    assert!(guard.standing().is_full());
}
