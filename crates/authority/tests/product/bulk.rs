//! Many licences in one call.

use std::collections::BTreeSet;

use licentia_authority::{Ask, AuthorityError, Once};
use licentia_protocol::licenses::{NewLicense, NewLicenses, Term};
use licentia_protocol::resource;
use licentia_testing::{TestAuthority, actor};

use crate::support::{CATALOG, activate, from, request, rows};

fn new(email: &str) -> NewLicense {
    NewLicense {
        product: "bzzz".into(),
        email: email.into(),
        term: Term { days: Some(30), ..Term::default() },
        ..NewLicense::default()
    }
}

fn many(emails: &[&str]) -> NewLicenses {
    NewLicenses {
        licenses: emails.iter().map(|email| new(email)).collect(),
        ..NewLicenses::default()
    }
}

/// Under an idempotency key; the request as a client would write it.
fn under(key: &str, request: &NewLicenses) -> Ask {
    let once = Once {
        key: key.into(),
        route: "bulk".into(),
        credential: String::new(),
        request: serde_json::to_string(request).unwrap(),
    };
    Ask { once: Some(once), ..actor().into() }
}

fn count(test: &TestAuthority, table: &str) -> String {
    rows(test, &format!("SELECT count(*) FROM {table}")).remove(0)
}

#[tokio::test]
async fn every_licence_of_many_is_like_one_that_was_issued_alone() {
    let (test, _) = from(CATALOG).await;
    let emails = ["ada@example.com", "grace@example.com", "ADA@example.com", "mary@example.com"];
    let issued = test.authority.issue_many(many(&emails), actor()).await.unwrap();
    assert_eq!(issued.len(), 4);
    assert_eq!(issued[0].customer.id, issued[2].customer.id, "one customer an address");
    assert_eq!(issued.iter().map(|l| l.id).collect::<BTreeSet<_>>().len(), 4);
    for license in &issued {
        assert_eq!(&test.authority.show_license(license.id).await.unwrap(), license);
        activate(&test.authority, request(license.key.as_deref().unwrap(), "c1")).await.unwrap();
    }
    let trail =
        rows(&test, "SELECT subject FROM audit WHERE action = 'license.issue' ORDER BY seq");
    let subjects: Vec<_> = issued.iter().map(|l| format!("license:{}", l.id)).collect();
    assert_eq!(trail[1..], subjects, "each has its row, in order");
    assert_eq!(count(&test, "outbox WHERE kind = 'license.issue'"), "5");
    assert!(test.authority.verify_audit().await.unwrap().valid);
    // The trail goes on behind them.
    test.issue("bzzz").await;
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn one_that_cannot_be_issued_keeps_all_out_and_is_named() {
    let (test, _) = from(CATALOG).await;
    let before = count(&test, "licenses");
    let mut wrong = many(&["ada@example.com", "grace@example.com", "mary@example.com"]);
    wrong.licenses[1].plan = Some("none".into());
    let refused = test.authority.issue_many(wrong.clone(), actor()).await;
    assert!(matches!(&refused, Err(AuthorityError::One { place: 2, .. })), "{refused:?}");
    wrong.licenses[1].plan = None;
    wrong.licenses[2].email = "nobody".into();
    let refused = test.authority.issue_many(wrong, actor()).await;
    assert!(matches!(&refused, Err(AuthorityError::One { place: 3, .. })), "{refused:?}");
    for wrong in [
        NewLicenses::default(),
        NewLicenses { count: Some(0), like: Some(new("a@example.com")), ..Default::default() },
        NewLicenses { count: Some(10_001), like: Some(new("a@example.com")), ..Default::default() },
        NewLicenses {
            count: Some(1),
            like: Some(new("a@example.com")),
            ..many(&["b@example.com"])
        },
        NewLicenses { count: Some(1), ..Default::default() },
    ] {
        assert!(test.authority.issue_many(wrong, actor()).await.is_err());
    }
    assert_eq!(count(&test, "licenses"), before);
    assert_eq!(count(&test, "customers"), "1");
}

#[tokio::test]
async fn a_repeated_call_has_one_effect_and_the_same_answer() {
    let (test, _) = from(CATALOG).await;
    let call = NewLicenses {
        count: Some(300),
        like: Some(new("ada@example.com")),
        ..NewLicenses::default()
    };
    let first = test.authority.issue_many(call.clone(), under("batch 1", &call)).await.unwrap();
    let rows_before = count(&test, "audit");
    let again = test.authority.issue_many(call.clone(), under("batch 1", &call)).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(count(&test, "licenses"), "301");
    assert_eq!(count(&test, "audit"), rows_before);
    let other = NewLicenses { count: Some(301), ..call.clone() };
    let ask = under("batch 1", &other);
    let refused = test.authority.issue_many(other, ask).await;
    assert!(matches!(refused, Err(AuthorityError::Refused { .. })));
    let ask = under("batch 2", &call);
    test.authority.issue_many(call, ask).await.unwrap();
    assert_eq!(count(&test, "licenses"), "601");
}

#[tokio::test]
async fn keys_of_every_scheme_are_made_by_the_dozen() {
    let (test, _) = from(CATALOG).await;
    let secret = licentia_issue::Secret::new(b"a secret of thirty-two bytes or more".to_vec());
    test.authority.import_secret("bzzz".into(), secret, actor()).await.unwrap();
    for scheme in ["jwt", "v2", "v1", "short"] {
        let like = NewLicense { scheme: Some(scheme.into()), ..new("ada@example.com") };
        let call = NewLicenses { count: Some(3), like: Some(like), ..NewLicenses::default() };
        let issued = test.authority.issue_many(call.clone(), under(scheme, &call)).await.unwrap();
        let ask = under(scheme, &call);
        let again = test.authority.issue_many(call, ask).await.unwrap();
        for (license, again) in issued.iter().zip(&again) {
            assert_eq!((license.scheme.as_str(), license.id), (scheme, again.id));
            let key = again.key.as_deref().unwrap();
            let answer = activate(&test.authority, request(key, "c1")).await.unwrap();
            assert_eq!(answer.expires_at, license.expires_at);
        }
    }
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_once_make_each_customer_once() {
    let (test, _) = from(CATALOG).await;
    let emails: Vec<_> = (0..40).map(|n| format!("new-{n}@example.com")).collect();
    let calls = (0..4).map(|call| {
        let authority = test.authority.clone();
        let mut emails = emails.clone();
        emails.rotate_left(call * 7);
        tokio::spawn(async move {
            let emails: Vec<_> = emails.iter().map(String::as_str).collect();
            authority.issue_many(many(&emails), actor()).await
        })
    });
    let mut issued: Vec<resource::License> = Vec::new();
    let mut lost = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(licenses) => issued.extend(licenses),
            // Overtaken three times in a row: nothing was done, and the message says to try again.
            Err(AuthorityError::Changed) => lost += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(lost < 4);
    assert_eq!(count(&test, "customers"), "41");
    assert_eq!(count(&test, "licenses"), (issued.len() + 1).to_string());
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

/// Two groups of one order, under way at once, whose customer is new: as `license issue --count` sends them.
#[tokio::test(flavor = "multi_thread")]
async fn groups_at_once_under_their_keys_find_the_customer_of_the_other() {
    for round in 0..10 {
        let (test, _) = from(CATALOG).await;
        let groups = (0..4).map(|group| {
            let authority = test.authority.clone();
            let call = NewLicenses {
                count: Some(20),
                like: Some(new("new@example.com")),
                ..NewLicenses::default()
            };
            let ask = under(&format!("order {round}/{group}"), &call);
            tokio::spawn(async move { authority.issue_many(call, ask).await })
        });
        for group in groups.collect::<Vec<_>>() {
            assert_eq!(group.await.unwrap().unwrap().len(), 20);
        }
        assert_eq!(count(&test, "licenses"), "81");
        assert_eq!(count(&test, "customers"), "2");
    }
}

#[tokio::test]
async fn ten_thousand_are_issued_in_one_call_each_with_all_that_is_its_own() {
    let (test, _) = from(CATALOG).await;
    let licenses = (0..10_000).map(|n| new(&format!("customer{}@example.com", n / 3))).collect();
    let request = NewLicenses { licenses, ..NewLicenses::default() };
    let issued = test.authority.issue_many(request, actor()).await.unwrap();
    assert_eq!(issued.len(), 10_000);
    assert_eq!(issued.iter().map(|l| l.id).collect::<BTreeSet<_>>().len(), 10_000);
    assert_eq!(issued.iter().map(|l| l.key.clone()).collect::<BTreeSet<_>>().len(), 10_000);
    for (table, rows) in
        [("licenses", 10_001), ("license_keys", 10_001), ("customers", 3_335), ("outbox", 10_001)]
    {
        assert_eq!(count(&test, table), rows.to_string(), "{table}");
    }
    for license in [&issued[0], &issued[5_000], &issued[9_999]] {
        activate(&test.authority, request_of(license)).await.unwrap();
    }
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

fn request_of(license: &resource::License) -> licentia_protocol::activate::Request {
    request(license.key.as_deref().unwrap(), "c1")
}

/// More than one transaction takes: each gets a new signature, once, and goes on under its id.
#[tokio::test]
async fn all_that_a_key_signed_are_issued_anew_and_no_others() {
    let (test, _) = from(CATALOG).await;
    let like = NewLicenses {
        count: Some(249),
        like: Some(new("ada@example.com")),
        ..NewLicenses::default()
    };
    let before = test.authority.issue_many(like, actor()).await.unwrap();
    let signer = |key: &str| licentia_license::verify::decode_unverified(key).unwrap().0;
    let kid = signer(before[0].key.as_deref().unwrap())["kid"].as_str().unwrap().to_owned();
    let root = std::sync::Arc::new(licentia_testing::root());
    let rotate = licentia_authority::keys::rotate::NewKey::Ed25519;
    let purpose = licentia_license::keyset::Purpose::License;
    test.authority.rotate_key(purpose, rotate, true, root, actor()).await.unwrap();
    // Signed by the new key already.
    let after = test.issue("bzzz").await;
    let mut told = Vec::new();
    let count = test
        .authority
        .reissue_signed_by(kid.clone(), actor(), |count| told.push(count))
        .await
        .unwrap();
    assert_eq!((count, told[0], told.last()), (250, 100, Some(&250)));
    for license in before.iter().chain([&after]) {
        let now = test.authority.show_license(license.id).await.unwrap();
        assert_ne!(signer(now.key.as_deref().unwrap())["kid"], kid.as_str());
        assert_eq!(now.key == license.key, license.id == after.id);
        assert_eq!((now.expires_at, &now.customer), (license.expires_at, &license.customer));
    }
    assert_eq!(rows(&test, "SELECT count(*) FROM audit WHERE action = 'license.reissue'"), ["250"]);
    assert_eq!(test.authority.reissue_signed_by(kid, actor(), |_| {}).await.unwrap(), 0);
    assert!(test.authority.verify_audit().await.unwrap().valid);
}
