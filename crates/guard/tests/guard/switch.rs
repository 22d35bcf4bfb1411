//! Enforcement off for a while, before a licence exists, or for good; and set-up.

use licentia::{
    Enforcement, Environment, Guard, Limit, Policy, Reason, Setup, Standing, StartError,
};
use licentia_issue::sign::sign;
use licentia_license::waiver::{GraceGrant, Waiver};

use crate::support::*;

pub(crate) fn waiver(world: &World) -> Waiver {
    Waiver {
        iss: "https://authority.example".into(),
        aud: "bzzz".into(),
        iat: world.clock.now(),
        exp: T0 + 3600,
        reason: "the move to the new data centre".into(),
        who: "ada@example.com".into(),
    }
}

fn grace() -> GraceGrant {
    GraceGrant {
        iss: "https://authority.example".into(),
        aud: "bzzz".into(),
        iat: T0,
        exp: T0 + 3600,
        plan: Some("standard".into()),
        tier: "STANDARD".into(),
        rank: 2,
        features: vec!["advanced".into()],
        limits: [("jobs".into(), Some(5))].into(),
        fingerprint: None,
        reason: None,
    }
}

/// No licence anywhere.
fn bare(world: &World) -> licentia::Builder {
    Guard::builder("bzzz", world.trust())
        .environment(Environment::default())
        .clock(world.clock.clone())
}

#[test]
fn decision_41_a_waiver_lets_everything_pass_until_it_ends() {
    let world = World::new();
    let token = sign(&waiver(&world), &world.authority.signer).unwrap();
    let guard = bare(&world).waiver(&token).start().unwrap();
    assert_eq!(guard.standing(), Standing::Licensed);
    guard.ensure("anything").unwrap();
    guard.require_tier("ENTERPRISE").unwrap();
    guard.within("nodes", 9000).unwrap();
    assert_eq!(guard.limit("nodes"), Limit::Unlimited);
    assert!(guard.feature("anything").is_on());
    let now = guard.snapshot();
    assert_eq!(now.decided(), &Standing::Stopped { reason: Reason::Missing });
    assert!(
        matches!(now.enforcement(), Enforcement::Waived { until, reason } if *until == T0 + 3600 && reason.contains("data centre"))
    );
    assert_eq!(guard.counts().refused, 3, "what would be refused is counted");
    let mut watch = guard.watch();
    world.clock.advance(3600);
    assert_eq!(until(&mut watch, is_stopped).reason(), Some(&Reason::Missing));
    guard.ensure("anything").unwrap_err();
}

#[test]
fn a_waiver_of_another_product_key_or_time_waives_nothing() {
    let world = World::new();
    let good = waiver(&world);
    let signed = |waiver: &Waiver| sign(waiver, &world.authority.signer).unwrap();
    let grace = sign(&grace(), &world.authority.signer).unwrap();
    for (name, token) in [
        ("another product's", signed(&Waiver { aud: "tmws".into(), ..good.clone() })),
        ("over", signed(&Waiver { exp: T0, ..good.clone() })),
        ("not begun", signed(&Waiver { iat: T0 + 600, ..good.clone() })),
        ("a stranger's", sign(&good, &signer(9)).unwrap()),
        ("a grace", grace),
        ("nonsense", "eyJ".into()),
    ] {
        let error = bare(&world).waiver(token).start().unwrap_err();
        assert_eq!(error, StartError::Unlicensed(Reason::Missing), "{name}");
    }
}

#[test]
fn a_waiver_comes_by_environment_or_file_too() {
    let world = World::new();
    let token = sign(&waiver(&world), &world.authority.signer).unwrap();
    let path = world.folder.path().join("licenses/waiver.jwt");
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    std::fs::write(&path, &token).unwrap();
    for environment in [
        Environment::of_variables([("BZZZ_LICENSE_WAIVER", token.as_str())]),
        Environment::of_variables([("LICENTIA_LICENSE_WAIVER", path.to_str().unwrap())]),
        Environment::default().program_folder(world.folder.path()),
    ] {
        let guard = bare(&world).environment(environment).start().unwrap();
        assert!(!guard.snapshot().enforcement().is_on());
    }
}

#[test]
fn decision_41_a_grace_runs_as_its_plan_until_a_licence_is_put_in() {
    let world = World::new();
    let token = sign(&grace(), &world.authority.signer).unwrap();
    let path = world.folder.path().join("my.lic");
    let start = || world.in_file(&path).grace(&token);
    let guard = start().start().unwrap();
    assert_eq!(guard.standing(), Standing::Grace { until: T0 + 3600 });
    assert_eq!(guard.tier(), "STANDARD");
    guard.ensure("advanced").unwrap();
    guard.ensure("task-distribution").unwrap_err();
    guard.within("jobs", 5).unwrap();
    std::fs::write(&path, world.key()).unwrap();
    let mut watch = guard.watch();
    advance_until(&world, &mut watch, |now| is_licensed(now.standing()));
    std::fs::remove_file(&path).unwrap();
    drop((guard, watch));
    let guard = start().start().unwrap();
    let mut watch = guard.watch();
    world.clock.advance(3600);
    until(&mut watch, is_stopped);
    let elsewhere = GraceGrant {
        fingerprint: Some("host-mac:0123456789abcdef".into()),
        exp: T0 + 90_000,
        ..grace()
    };
    let token = sign(&elsewhere, &world.authority.signer).unwrap();
    assert!(bare(&world).grace(token).start().is_err());
}

#[test]
fn observe_only_decides_and_logs_and_never_acts() {
    let world = World::new();
    let log = log::Log::read();
    let guard = world.online().observe_only().cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    world.behave(|authority, request| {
        authority.problem(403, Some(&authority.refusal(request, "suspended")))
    });
    world.clock.advance(2 * HEARTBEAT);
    let now = advance_until(&world, &mut watch, |now| !is_licensed(now.decided()));
    assert_eq!(now.decided(), &Standing::Stopped { reason: Reason::Refused("suspended".into()) });
    assert_eq!(
        (guard.standing(), now.enforcement()),
        (Standing::Licensed, &Enforcement::ObserveOnly)
    );
    guard.ensure("only-seen-here").unwrap();
    log.until("Would be refused", "only-seen-here", 1);
    assert_eq!(guard.counts().refused, 1);
}

#[test]
fn decision_37_set_up_begins_anew_where_the_product_could_not_start() {
    let world = World::new();
    let builder = || {
        bare(&world)
            .server(world.server.address())
            .policy(Policy::strict())
            .cluster_id("the-cluster")
    };
    assert!(builder().start().is_err());
    let guard = builder().setup_mode().start().unwrap();
    assert_eq!(guard.standing(), Standing::Stopped { reason: Reason::Missing });
    guard.ensure("advanced").unwrap_err();
    let setup = || Setup { email: Some("ada@example.com".into()), ..Setup::default() };
    let error = guard.set_up("two words", setup()).unwrap_err();
    assert!(matches!(&error, StartError::Unlicensed(Reason::Unreadable(_))), "{error}");
    assert!(!error.to_string().contains("two words"));
    world.behave(|authority, request| {
        authority.problem(409, Some(&authority.refusal(request, "no_free_seat")))
    });
    let error = guard.set_up(&world.key(), setup()).unwrap_err();
    assert_eq!(error, StartError::Unlicensed(Reason::Refused("no_free_seat".into())));
    world.behave_well();
    guard.set_up(&world.key(), setup()).unwrap();
    assert_eq!(guard.standing(), Standing::Licensed);
    guard.ensure("advanced").unwrap();
    let asked = world.authority.seen("/v1/license/activate").pop().unwrap().body;
    assert_eq!(asked["email"], "ada@example.com");
}
