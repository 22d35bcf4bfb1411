//! What happens to a licence after it was issued, and what running products notice of it.

use licentia_authority::licenses::issue::{Order, Term};
use licentia_authority::{Actor, Ask, AuthorityError, Once, version};
use licentia_license::License;
use licentia_license::verify::verify;
use licentia_model::Scheme;
use licentia_protocol::licenses::{self, Addons, ChangePlan, Convert, Transfer};
use licentia_protocol::resource;
use licentia_testing::{START, TestAuthority, actor, order};

use crate::support::{
    CATALOG, activate, audited, beat, code, from, heartbeat, lease, request, rows,
};

const DAY: i64 = 86_400;

/// Two plans; the licence is of the smaller one.
async fn two_plans() -> (TestAuthority, resource::License) {
    let larger = "\n[[plan]]\ncode = \"large\"\ntier = \"LARGE\"\nrank = 3\nseats = 1\nnodes = 99\n\
                  trial = \"14d\"\nfeatures = [\"a\", \"b\"]\nlimits = { tokens = 7 }\n";
    let (test, _) = from(&format!("{CATALOG}{larger}")).await;
    let license = test.issue("bzzz").await;
    (test, license)
}

fn days(days: u32) -> licenses::Term {
    licenses::Term { days: Some(days), ..licenses::Term::default() }
}

fn key(license: &resource::License) -> &str {
    license.key.as_deref().unwrap()
}

#[tokio::test]
async fn a_renewed_licence_keeps_its_id_and_counts_from_its_former_end() {
    let (test, license) = two_plans().await;
    let answer = activate(&test.authority, request(key(&license), "c1")).await.unwrap();
    test.clock.advance(10);
    let renewed = test.authority.renew(license.id, days(30), actor()).await.unwrap();
    assert_eq!(renewed.id, license.id);
    assert_eq!(renewed.token_version, license.token_version);
    assert_eq!(renewed.expires_at.unwrap().as_second(), START + 60 * DAY);
    assert_ne!(renewed.key_id, license.key_id);

    // The running product gets the new licence with its next heartbeat, and its token is good as ever.
    let next = heartbeat(&test.authority, beat(&answer, 1)).await.unwrap();
    let got = verify::<License>(&next.license.unwrap(), &test.authority.trust()).unwrap();
    assert_eq!(got.exp, Some(START + 60 * DAY));
    // The key from before leads to the same licence.
    let again = activate(&test.authority, request(key(&license), "c2")).await.unwrap();
    assert_eq!(again.expires_at, renewed.expires_at);
    assert_eq!(rows(&test, "SELECT kind FROM events ORDER BY seq"), ["changed"]);
    let trail = audited(&test, "license.renew");
    assert!(trail[0].contains("\"before\"") && trail[0].contains("\"after\""), "{trail:?}");
    assert_eq!(
        rows(&test, "SELECT kind FROM outbox ORDER BY seq"),
        [
            "license.issue",
            "license.issue",
            "activation.activate",
            "license.renew",
            "activation.activate"
        ]
    );

    // An expired one too, but not so that it would still be expired.
    test.clock.advance(90 * DAY);
    assert_eq!(code(activate(&test.authority, request(key(&license), "c3")).await), "expired");
    let refused = test.authority.renew(license.id, days(5), actor()).await;
    assert!(matches!(refused, Err(AuthorityError::Invalid { field: "expires_at", .. })));
    test.authority.renew(license.id, days(60), actor()).await.unwrap();
    activate(&test.authority, request(key(&license), "c1")).await.unwrap();
    let forever = licenses::Term { perpetual: true, ..licenses::Term::default() };
    let forever = test.authority.renew(license.id, forever, actor()).await.unwrap();
    assert_eq!(forever.expires_at, None);
    let refused = test.authority.renew(license.id, days(5), actor()).await;
    assert!(matches!(refused, Err(AuthorityError::NotAllowed { state: "perpetual", .. })));
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn what_was_revoked_or_cancelled_is_not_renewed_and_nothing_said_is_refused() {
    let (test, license) = two_plans().await;
    let refused = test.authority.renew(license.id, licenses::Term::default(), actor()).await;
    assert!(matches!(refused, Err(AuthorityError::Invalid { field: "days", .. })));
    test.authority.suspend(license.id, None, actor()).await.unwrap();
    let renewed = test.authority.renew(license.id, days(1), actor()).await.unwrap();
    assert_eq!(renewed.state, "suspended");
    test.authority.cancel(license.id, None, actor()).await.unwrap();
    for state in ["cancelled", "revoked"] {
        let refused = test.authority.renew(license.id, days(1), actor()).await;
        assert!(
            matches!(refused, Err(AuthorityError::NotAllowed { state: found, .. }) if found == state)
        );
        let plan = ChangePlan { plan: "large".into(), drop_addons: false };
        let refused = test.authority.change_plan(license.id, plan, actor()).await;
        assert!(matches!(refused, Err(AuthorityError::NotAllowed { .. })));
        let _ = test.authority.revoke(license.id, None, 0, actor()).await;
    }
}

#[tokio::test]
async fn another_plan_takes_effect_at_once_and_add_ons_go_along() {
    let (test, license) = two_plans().await;
    let one = activate(&test.authority, request(key(&license), "c1")).await.unwrap();
    test.clock.advance(1);
    let two = activate(&test.authority, request(key(&license), "c2")).await.unwrap();
    let addons = Addons {
        features: ["extra".to_owned()].into(),
        limits: [("tokens".to_owned(), Some(5)), ("agents".to_owned(), None)].into(),
        ..Addons::default()
    };
    let with = test.authority.set_addons(license.id, addons.clone(), actor()).await.unwrap();
    assert_eq!(with.features, ["a", "extra"]);
    assert_eq!(with.limits["tokens"], Some(5));
    assert_eq!(with.addons, Some(addons.clone()));

    let to = ChangePlan { plan: "large".into(), drop_addons: false };
    let changed = test.authority.change_plan(license.id, to.clone(), actor()).await.unwrap();
    assert_eq!((changed.plan.as_str(), changed.tier.as_str()), ("large", "LARGE"));
    assert_eq!(changed.features, ["a", "b", "extra"]);
    assert_eq!((changed.limits["tokens"], changed.limits["agents"]), (Some(5), None));
    assert_eq!(changed.addons, Some(addons));
    assert_eq!(changed.token_version, license.token_version + 2);
    assert_eq!(changed.expires_at, license.expires_at);

    // Products are told, activate again, and find one seat where there were two.
    let stale = code(heartbeat(&test.authority, beat(&one, 1)).await);
    assert_eq!(stale, "stale_token_version");
    let again = activate(&test.authority, request(key(&license), "c1")).await;
    assert_eq!(code(again), "no_free_seat", "the one that was heard of last keeps its seat");
    let again = activate(&test.authority, request(key(&license), "c2")).await.unwrap();
    assert_eq!((again.tier.as_str(), again.activation_id), ("LARGE", two.activation_id));
    assert!(again.features.contains(&"extra".to_owned()));

    let same = test.authority.change_plan(license.id, to, actor()).await;
    assert!(matches!(same, Err(AuthorityError::NotAllowed { .. })));
    let bare = ChangePlan { plan: "large".into(), drop_addons: true };
    let bare = test.authority.change_plan(license.id, bare, actor()).await.unwrap();
    assert_eq!((bare.features, bare.addons), (vec!["a".to_owned(), "b".to_owned()], None));
    assert_eq!(bare.limits["tokens"], Some(7));
    let nowhere = ChangePlan { plan: "none".into(), drop_addons: false };
    let refused = test.authority.change_plan(license.id, nowhere, actor()).await;
    assert!(matches!(refused, Err(AuthorityError::NotFound { .. })));
    assert!(audited(&test, "license.change_plan")[0].contains("\"plan\":\"standard\""));
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn add_ons_are_checked_and_nobody_else_may_set_them() {
    let (test, license) = two_plans().await;
    let name = |name: &str| Addons { features: [name.to_owned()].into(), ..Addons::default() };
    for wrong in ["", "two words", &"x".repeat(201)] {
        let refused = test.authority.set_addons(license.id, name(wrong), actor()).await;
        assert!(matches!(refused, Err(AuthorityError::Invalid { field: "addons", .. })), "{wrong}");
    }
    let both = Addons { without: ["a".to_owned()].into(), ..name("a") };
    let refused = test.authority.set_addons(license.id, both, actor()).await;
    assert!(matches!(refused, Err(AuthorityError::Invalid { field: "addons", .. })));
    let less = Addons {
        without: ["a".to_owned()].into(),
        seats: Some(None),
        nodes: Some(Some(1)),
        ..Addons::default()
    };
    let less = test.authority.set_addons(license.id, less, actor()).await.unwrap();
    assert_eq!((less.features.len(), less.seats, less.nodes), (0, None, Some(1)));
    let forged = [("licentia.addons".to_owned(), "{}".to_owned())].into();
    let forged = Order { attributes: forged, ..order("bzzz") };
    let refused = test.authority.issue(forged, actor()).await;
    assert!(matches!(refused, Err(AuthorityError::Invalid { field: "attributes", .. })));
    let with = Order { addons: Some(name("extra")), ..order("bzzz") };
    assert_eq!(test.authority.issue(with, actor()).await.unwrap().features, ["a", "extra"]);
}

#[tokio::test]
async fn a_trial_becomes_a_paid_licence_and_its_installation_goes_on() {
    let (test, license) = two_plans().await;
    let refused = Convert { plan: None, term: days(365) };
    let refused = test.authority.convert(license.id, refused, actor()).await;
    assert!(matches!(refused, Err(AuthorityError::NotAllowed { state: "no trial", .. })));

    let trial =
        Order { plan: Some("large".into()), trial: true, term: Term::OfPlan, ..order("bzzz") };
    let trial = test.authority.issue(trial, actor()).await.unwrap();
    assert_eq!((trial.state.as_str(), trial.trial), ("trial", true));
    assert_eq!(trial.expires_at.unwrap().as_second(), START + 14 * DAY, "as long as the plan says");
    let answer = activate(&test.authority, request(key(&trial), "c1")).await.unwrap();
    test.clock.advance(DAY / 2);
    let paid = Convert { plan: None, term: days(365) };
    let paid = test.authority.convert(trial.id, paid, actor()).await.unwrap();
    assert_eq!((paid.id, paid.state.as_str(), paid.trial), (trial.id, "active", false));
    assert_eq!(paid.expires_at.unwrap().as_second(), START + DAY / 2 + 365 * DAY);
    let next = heartbeat(&test.authority, beat(&answer, 1)).await.unwrap();
    assert!(next.license.is_some(), "the same seat, the same token, the new licence");
    assert_eq!(lease(&test.authority, &next.lease).generation, 2);

    let other = Order { trial: true, email: "grace@example.com".into(), ..order("bzzz") };
    let other = test.authority.issue(other, actor()).await.unwrap();
    let running = activate(&test.authority, request(key(&other), "c1")).await.unwrap();
    let up = Convert { plan: Some("large".into()), term: days(30) };
    let up = test.authority.convert(other.id, up, actor()).await.unwrap();
    assert_eq!(up.tier, "LARGE");
    assert_eq!(code(heartbeat(&test.authority, beat(&running, 1)).await), "stale_token_version");
    let again = activate(&test.authority, request(key(&other), "c1")).await.unwrap();
    assert_eq!(again.activation_id, running.activation_id, "seats and history are kept");
}

#[tokio::test]
async fn after_a_transfer_the_former_customer_holds_nothing() {
    let (test, license) = two_plans().await;
    let running = activate(&test.authority, request(key(&license), "c1")).await.unwrap();
    let to = Transfer { email: "grace@example.com".into(), ..Transfer::default() };
    let moved = test.authority.transfer(license.id, to.clone(), actor()).await.unwrap();
    assert_eq!((moved.id, moved.customer.email.as_str()), (license.id, "grace@example.com"));
    assert_eq!(moved.expires_at, license.expires_at);

    let heard = code(heartbeat(&test.authority, beat(&running, 1)).await);
    assert!(matches!(heard.as_str(), "stale_token_version" | "stale_generation"), "{heard}");
    assert_eq!(
        code(activate(&test.authority, request(key(&license), "c1")).await),
        "unknown_license"
    );
    for cluster in ["d1", "d2"] {
        activate(&test.authority, request(key(&moved), cluster)).await.unwrap();
    }
    let claims = verify::<License>(key(&moved), &test.authority.trust()).unwrap();
    assert_eq!(claims.customer.as_ref().unwrap().email.as_deref(), Some("grace@example.com"));
    let trail = audited(&test, "license.transfer");
    assert!(trail[0].contains("\"released\":1") && !trail[0].contains("grace@"), "{trail:?}");
    let same = test.authority.transfer(license.id, to, actor()).await;
    assert!(matches!(same, Err(AuthorityError::NotAllowed { .. })));
    assert!(
        rows(&test, "SELECT action FROM audit WHERE action = 'license.tampered_row'").is_empty()
    );
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn a_transfer_can_take_the_installations_along() {
    let (test, license) = two_plans().await;
    let running = activate(&test.authority, request(key(&license), "c1")).await.unwrap();
    let to = Transfer {
        email: "grace@example.com".into(),
        keep_installations: true,
        ..Transfer::default()
    };
    let moved = test.authority.transfer(license.id, to, actor()).await.unwrap();
    assert_eq!(moved.token_version, license.token_version);
    heartbeat(&test.authority, beat(&running, 1)).await.unwrap();
    activate(&test.authority, request(key(&license), "c1")).await.unwrap();
}

#[tokio::test]
async fn a_key_that_says_what_changed_is_made_anew_and_one_that_only_names_the_licence_stays() {
    let (test, _) = two_plans().await;
    let secret = licentia_issue::Secret::new(b"a secret of thirty-two bytes or more".to_vec());
    test.authority.import_secret("bzzz".into(), secret, actor()).await.unwrap();
    for scheme in [Scheme::Short, Scheme::V1, Scheme::V2] {
        let first = Order { scheme: Some(scheme), ..order("bzzz") };
        let first = test.authority.issue(first, actor()).await.unwrap();
        let renewed = test.authority.renew(first.id, days(30), actor()).await.unwrap();
        assert_eq!(renewed.key.is_some(), scheme != Scheme::Short, "{scheme}");
        assert_ne!(renewed.key, first.key, "{scheme}");
        for key in [first.key.as_deref(), renewed.key.as_deref()].into_iter().flatten() {
            let answer = activate(&test.authority, request(key, "c1")).await.unwrap();
            assert_eq!(answer.expires_at, renewed.expires_at, "{scheme}");
        }
        let to = Transfer { email: format!("{scheme}@example.com"), ..Transfer::default() };
        let moved = test.authority.transfer(first.id, to, actor()).await.unwrap();
        let new = moved.key.unwrap();
        activate(&test.authority, request(&new, "c1")).await.unwrap();
        for key in [first.key.as_deref(), renewed.key.as_deref()].into_iter().flatten() {
            let refused = activate(&test.authority, request(key, "c1")).await;
            assert_eq!(code(refused), "unknown_license", "{scheme}");
        }
    }
}

#[tokio::test]
async fn a_seat_released_by_force_is_free_and_its_holder_told() {
    let (test, license) = two_plans().await;
    let one = activate(&test.authority, request(key(&license), "c1")).await.unwrap();
    activate(&test.authority, request(key(&license), "c2")).await.unwrap();
    assert_eq!(code(activate(&test.authority, request(key(&license), "c3")).await), "no_free_seat");
    test.authority.release(one.activation_id, actor()).await.unwrap();
    test.authority.release(one.activation_id, actor()).await.unwrap();
    assert_eq!(rows(&test, "SELECT kind FROM events"), ["changed"], "told once");
    assert_eq!(code(heartbeat(&test.authority, beat(&one, 1)).await), "stale_generation");
    activate(&test.authority, request(key(&license), "c3")).await.unwrap();
    assert_eq!(
        rows(&test, "SELECT kind FROM outbox WHERE kind = 'activation.release'"),
        ["activation.release"]
    );
}

#[tokio::test]
async fn a_change_is_made_once_and_only_of_the_state_it_is_based_on() {
    let (test, license) = two_plans().await;
    let change = |days: u32, key: Option<&str>, based: Option<&resource::License>| Ask {
        actor: Actor::new("operator:ada", "192.0.2.1"),
        once: key.map(|key| Once {
            key: key.into(),
            route: "renew".into(),
            credential: "ada's".into(),
            request: days.to_string(),
        }),
        only_if: based.map(|license| vec!["another".into(), version(license)]),
    };
    let once =
        test.authority.renew(license.id, days(30), change(30, Some("k"), None)).await.unwrap();
    let twice =
        test.authority.renew(license.id, days(30), change(30, Some("k"), None)).await.unwrap();
    assert_eq!(once, twice);
    let other = test.authority.renew(license.id, days(31), change(31, Some("k"), None)).await;
    assert!(matches!(other, Err(AuthorityError::Refused { .. })));
    // Another operator's key is another key.
    let mut theirs = change(1, Some("k"), None);
    theirs.once.as_mut().unwrap().credential = "grace's".into();
    let theirs = test.authority.renew(license.id, days(1), theirs).await.unwrap();
    assert_ne!(theirs.expires_at, once.expires_at);

    let late = test.authority.suspend(license.id, None, change(0, None, Some(&once))).await;
    assert!(matches!(late, Err(AuthorityError::Changed)));
    assert_eq!(test.authority.show_license(license.id).await.unwrap().state, "active");
    test.authority.suspend(license.id, None, change(0, None, Some(&theirs))).await.unwrap();
    assert_eq!(audited(&test, "license.suspend").len(), 1);
}

#[tokio::test]
async fn an_issue_that_is_repeated_is_one_licence_and_a_lost_short_key_counts_no_more() {
    let (test, _) = two_plans().await;
    for scheme in [Scheme::Jwt, Scheme::Short] {
        let change = || Ask {
            once: Some(Once {
                key: format!("order {scheme}"),
                route: "issue".into(),
                credential: String::new(),
                request: String::new(),
            }),
            ..actor().into()
        };
        let wanted = Order { scheme: Some(scheme), ..order("bzzz") };
        let one = test.authority.issue(wanted.clone(), change()).await.unwrap();
        let two = test.authority.issue(wanted, change()).await.unwrap();
        assert_eq!(one.id, two.id);
        assert_eq!(one.key == two.key, scheme == Scheme::Jwt);
        activate(&test.authority, request(two.key.as_deref().unwrap(), "c1")).await.unwrap();
        if scheme == Scheme::Short {
            let lost = activate(&test.authority, request(one.key.as_deref().unwrap(), "c1")).await;
            assert_eq!(code(lost), "unknown_license");
        }
    }
}

#[tokio::test]
async fn a_licence_may_start_later() {
    let (test, _) = two_plans().await;
    let later = Order { starts_at: Some(START + 5 * DAY), ..order("bzzz") };
    let later = test.authority.issue(later, actor()).await.unwrap();
    assert_eq!(later.expires_at.unwrap().as_second(), START + 35 * DAY);
    assert_eq!(later.starts_at.unwrap().as_second(), START + 5 * DAY);
    assert_eq!(code(activate(&test.authority, request(key(&later), "c1")).await), "not_yet_valid");
    test.clock.advance(5 * DAY);
    activate(&test.authority, request(key(&later), "c1")).await.unwrap();
    let backwards = Order {
        starts_at: Some(START + 50 * DAY),
        term: Term::Until(START + 40 * DAY),
        ..order("bzzz")
    };
    let refused = test.authority.issue(backwards, actor()).await;
    assert!(matches!(refused, Err(AuthorityError::Invalid { field: "starts_at", .. })));
}
