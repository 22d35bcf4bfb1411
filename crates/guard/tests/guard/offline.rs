//! Without an authority: the licence alone decides.

use licentia::{Environment, Guard, Policy, Reason, Standing, StartError};
use licentia_issue::Signer;
use licentia_issue::sign::sign;
use licentia_license::Invalid;

use crate::support::*;

#[test]
fn a_licence_runs_to_its_last_second_and_then_the_preset_decides() {
    for (policy, fits) in [
        (Policy::strict(), is_stopped as fn(&Standing) -> bool),
        (Policy::degrade(), is_free),
        (Policy::lenient(), is_free),
    ] {
        let world = World::new();
        let guard = world.offline().policy(policy).start().unwrap();
        let mut watch = guard.watch();
        world.clock.advance(30 * 86_400 - 1);
        assert_eq!(*until(&mut watch, |_| true).standing(), Standing::Licensed);
        world.clock.advance(1);
        assert_eq!(until(&mut watch, fits).reason(), Some(&Reason::Expired));
    }
}

#[test]
fn a_licence_that_does_not_check_out_is_named_and_stops_or_frees() {
    let world = World::new();
    let other = license("tmws");
    let mut later = license("bzzz");
    later.iat = T0 + 3600;
    let mut over = license("bzzz");
    over.exp = Some(T0);
    let signed = |license| sign(license, &world.authority.signer).unwrap();
    let changed = world.key().replace(".eyJ", ".eyK");
    for (key, code) in [
        (signed(&other), "wrong_product"),
        (signed(&later), "not_yet_valid"),
        (signed(&over), "expired"),
        (sign(&license("bzzz"), &signer(9)).unwrap(), "unknown_key"),
        (changed, "bad_signature"),
        ("BZZZ-2025-ABC123-XYZ".to_owned(), "unrecognized"),
        ("two words".to_owned(), "unreadable"),
    ] {
        match world.offline().license_key(&key).start().unwrap_err() {
            StartError::Unlicensed(reason) => assert_eq!(reason.code(), code),
            error => panic!("{error}"),
        }
        let guard = world.offline().license_key(&key).policy(Policy::degrade()).start().unwrap();
        assert_eq!((guard.standing(), guard.tier().as_str()), (Standing::Free, "FREE"), "{code}");
        assert!(!guard.has_feature("advanced"));
    }
}

#[test]
fn no_licence_at_all_says_where_to_put_one() {
    let world = World::new();
    let builder = || {
        Guard::builder("bzzz", world.authority.signer.public_key().to_pem())
            .environment(Environment::default())
    };
    let error = builder().start().unwrap_err();
    assert_eq!(error, StartError::Unlicensed(Reason::Missing));
    assert!(error.advice().contains("LICENTIA_LICENSE_KEY"));
    assert_eq!(builder().policy(Policy::degrade()).start().unwrap().standing(), Standing::Free);
}

#[test]
fn the_environment_replaces_the_trust_root_only_where_that_was_allowed() {
    let world = World::new();
    let stranger = signer(9);
    let key = sign(&license("bzzz"), &stranger).unwrap();
    let path = world.folder.path().join("stranger.pem");
    std::fs::write(&path, stranger.public_key().to_pem()).unwrap();
    let pem = stranger.public_key().to_pem();
    for (name, value) in
        [("LICENTIA_PUBLIC_KEY", path.to_str().unwrap()), ("BZZZ_LICENSE_PUBLIC_KEY", &pem)]
    {
        let builder = || {
            world
                .offline()
                .license_key(&key)
                .environment(Environment::of_variables([(name, value)]))
        };
        let error = builder().start().unwrap_err();
        assert_eq!(error, StartError::Unlicensed(Reason::Invalid(Invalid::UnknownKey)));
        assert_eq!(
            builder().danger_trust_from_environment(true).start().unwrap().standing(),
            Standing::Licensed
        );
    }
    let broken = Environment::of_variables([("LICENTIA_PUBLIC_KEY", "/not/there")]);
    let error = world
        .offline()
        .environment(broken)
        .danger_trust_from_environment(true)
        .start()
        .unwrap_err();
    assert!(
        matches!(&error, StartError::Misconfigured(why) if why.starts_with("LICENTIA_PUBLIC_KEY: ")),
        "{error}"
    );
}

#[test]
fn what_cannot_be_is_refused_before_anything_runs() {
    let world = World::new();
    let misconfigured = |error| matches!(error, StartError::Misconfigured(_));
    assert!(misconfigured(Guard::builder("bzzz", "no key").start().unwrap_err()));
    assert!(misconfigured(
        Guard::builder("", world.authority.signer.public_key().to_pem()).start().unwrap_err()
    ));
    assert!(misconfigured(world.offline().server("not an address").start().unwrap_err()));
}
