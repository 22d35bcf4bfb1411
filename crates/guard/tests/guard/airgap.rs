//! Machines without network, whose clocks may be dead.

use std::sync::Arc;

use licentia::policy::Recovery;
use licentia::{ActivationError, Builder, Environment, Guard, Policy, Snapshot, Standing};
use licentia_issue::Signer;
use licentia_issue::sign::sign;
use licentia_license::activation::ActivationProof;
use licentia_license::offline::{ActivationFile, OfflineLease, OfflineRequest};
use licentia_license::typed::{Mistyped, TypedLease, parse_word, request_of};
use licentia_license::verify::verify;
use licentia_license::{Invalid, License, Trust};

use crate::support::http::{Reply, Request};
use crate::support::*;

const TERM: i64 = 20 * 86_400;

/// What the authority carries back, when it is `at` there.
fn answer(world: &World, request: &str, at: i64) -> String {
    let asked = OfflineRequest::open(request).unwrap();
    let request = Request {
        path: String::new(),
        bearer: None,
        proxy_authorization: None,
        idempotency_key: None,
        if_none_match: None,
        body: serde_json::json!({ "nonce": asked.nonce }),
    };
    let mut lease = world.authority.lease(&request);
    (lease.iat, lease.exp, lease.next_at) = (at, at + TERM, at + TERM);
    lease.cluster_id.clone_from(&asked.cluster_id);
    let proof = ActivationProof {
        iss: lease.iss.clone(),
        sub: lease.sub.to_string(),
        aud: lease.aud.to_string(),
        iat: at,
        act: lease.act.clone(),
        cluster_id: asked.cluster_id.clone(),
        fingerprint: asked.fingerprint.clone(),
        artifacts: None,
    };
    let signer = &world.authority.signer;
    ActivationFile {
        lease: sign(&OfflineLease(lease), signer).unwrap(),
        license: world.key(),
        proof: sign(&proof, signer).unwrap(),
        keyset: None,
        revocations: None,
    }
    .to_string()
}

fn airgapped(world: &World) -> Builder {
    world.behave(|_, _| Reply::Nothing);
    world.online().environment(Environment::default().program_folder(world.folder.path()))
}

/// What the guard comes to now: a look at the program takes the time into account first.
fn looked(guard: &Guard) -> Arc<Snapshot> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(guard.inspect())
}

#[test]
fn a_machine_runs_on_a_carried_lease_to_its_end_and_its_request_is_signed() {
    let world = World::new();
    let request = airgapped(&world).offline_request().unwrap();
    let asked = OfflineRequest::open(&request).unwrap();
    assert_eq!((asked.aud.as_str(), asked.license_key.clone()), ("bzzz", world.key()));
    let file = answer(&world, &request, T0);
    assert_eq!(airgapped(&world).accept_activation(&file), Ok(T0 + TERM));
    let guard = airgapped(&world).start().unwrap();
    assert_eq!(guard.standing(), Standing::Licensed, "nobody was to be asked");
    let mut watch = guard.watch();
    world.clock.advance(TERM - 1);
    assert_eq!(looked(&guard).standing(), &Standing::Licensed);
    world.clock.advance(1);
    until(&mut watch, |standing| !standing.is_full());
}

#[test]
fn an_answer_counts_for_the_request_of_this_installation_only() {
    let world = World::new();
    let former = airgapped(&world).offline_request().unwrap();
    let request = airgapped(&world).offline_request().unwrap();
    let foreign = |text: &str| airgapped(&world).accept_activation(text);
    assert!(matches!(foreign(&answer(&world, &former, T0)), Err(ActivationError::Foreign(_))));
    let good = answer(&world, &request, T0);
    assert!(matches!(
        foreign(&good.replacen("lease: eyJ", "lease: eyK", 1)),
        Err(ActivationError::Invalid(_))
    ));
    let stranger = World::new();
    assert!(matches!(
        airgapped(&stranger).accept_activation(&good),
        Err(ActivationError::Foreign(_))
    ));
    assert!(foreign(&good).is_ok());
    // Given back, it brings nothing back.
    let proof = airgapped(&world).offline_return().unwrap();
    assert_eq!(airgapped(&world).offline_return().unwrap(), proof);
    assert!(matches!(foreign(&good), Err(ActivationError::Foreign(_))));
    assert!(airgapped(&world).start().is_err());
}

#[test]
fn a_machine_with_a_dead_clock_is_helped_by_a_file_that_is_dropped_in() {
    let world = World::new();
    let licenses = world.folder.path().join("licenses");
    std::fs::create_dir_all(&licenses).unwrap();
    // The battery is dead: it is 1970, and the key is from the future.
    world.clock.set(60);
    let request = airgapped(&world).offline_request().unwrap();
    std::fs::write(licenses.join("activation.lic"), answer(&world, &request, T0)).unwrap();
    let guard = airgapped(&world).start().unwrap();
    assert!(guard.standing().is_full(), "{:?}", guard.standing());
    assert!(guard.has_feature("advanced"));
    drop(guard);
    // So it does after the next power cut, and no end moves.
    world.clock.set(60);
    let guard = airgapped(&world).start().unwrap();
    let mut watch = guard.watch();
    assert!(guard.standing().is_full());
    world.clock.advance(TERM - 120);
    assert!(looked(&guard).standing().is_full(), "{:?}", guard.standing());
    world.clock.advance(121);
    until(&mut watch, |standing| !standing.is_full());
}

#[test]
fn a_product_that_runs_takes_a_file_that_is_dropped_in() {
    let world = World::new();
    let licenses = world.folder.path().join("licenses");
    std::fs::create_dir_all(&licenses).unwrap();
    let request = airgapped(&world).offline_request().unwrap();
    let mut policy = Policy::degrade();
    policy.recovery = Recovery::Automatic;
    let guard = airgapped(&world).policy(policy).start().unwrap();
    assert!(!guard.has_feature("advanced"), "{:?}", guard.standing());
    std::fs::write(licenses.join("activation.lic"), answer(&world, &request, T0)).unwrap();
    let mut watch = guard.watch();
    // Moved again and again, since a look may have begun before the file was there.
    let full = advance_until(&world, &mut watch, |snapshot| snapshot.standing().is_full());
    assert_eq!((full.standing(), full.lease_until()), (&Standing::Licensed, Some(T0 + TERM)));
    assert!(guard.has_feature("advanced"));
}

/// What the authority answers to a typed request.
fn typed_answer(world: &World, request: &str, at: i64) -> String {
    let license =
        verify::<License>(&world.key(), &Trust::from_text(&world.trust()).unwrap()).unwrap();
    let typed = TypedLease {
        iss: license.iss.to_string(),
        sub: license.sub.to_string(),
        aud: license.aud.to_string(),
        iat: TypedLease::hour(at),
        exp: TypedLease::hour(at + TERM),
        request: request.to_owned(),
    };
    let signature = world.authority.signer.sign(typed.signing_input().unwrap().as_bytes());
    typed.answer(&signature.unwrap()).unwrap()
}

#[test]
fn where_nothing_may_be_carried_the_activation_is_typed_and_typed_back() {
    let world = World::new();
    let request = airgapped(&world).typed_request().unwrap();
    assert_eq!(airgapped(&world).typed_request().unwrap(), request, "until it is given back");
    let typed = typed_answer(&world, &request, T0);
    let mistyped = typed.replacen(typed.chars().next().unwrap(), "U", 1);
    assert_eq!(
        airgapped(&world).accept_activation(&mistyped),
        Err(ActivationError::Mistyped(Mistyped::Line(1)))
    );
    let of_another = typed_answer(&world, "REQUEST-BDF9P-XWM4F-6TYT5-EFJMH", T0);
    let refused = airgapped(&world).accept_activation(&of_another);
    assert_eq!(refused, Err(ActivationError::Invalid(Invalid::BadSignature)));

    let end = TypedLease::hour(T0 + TERM);
    assert_eq!(airgapped(&world).accept_activation(&typed), Ok(end));
    let guard = airgapped(&world).start().unwrap();
    assert_eq!(guard.standing(), Standing::Licensed);
    assert!(guard.has_feature("advanced"));
    let mut watch = guard.watch();
    world.clock.advance(end - 1 - T0);
    assert_eq!(looked(&guard).standing(), &Standing::Licensed);
    world.clock.advance(1);
    until(&mut watch, |standing| !standing.is_full());
    drop(guard);

    // Renewed by the same request, and given back by the secret that it is the hash of.
    assert_eq!(airgapped(&world).typed_request().unwrap(), request);
    let later = typed_answer(&world, &request, end);
    assert!(airgapped(&world).accept_activation(&later).is_ok());
    let word = airgapped(&world).offline_return().unwrap();
    assert_eq!(request_of(&parse_word(&word).unwrap()).to_string(), request);
    assert_eq!(airgapped(&world).offline_return().unwrap(), word);
    assert!(matches!(
        airgapped(&world).accept_activation(&later),
        Err(ActivationError::Foreign(_))
    ));
    assert!(airgapped(&world).start().is_err());
    assert_ne!(airgapped(&world).typed_request().unwrap(), request);
}
