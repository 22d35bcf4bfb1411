//! Rotation with nobody locked out, the whole story: the application is built with the root alone and never
//! built again; the authority is never restarted.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::sync::Arc;

use licentia_authority::keys::rotate::NewKey;
use licentia_issue::signer::Signer;
use licentia_license::keyset::Purpose;
use licentia_license::verify::verify;
use licentia_license::{License, Trust};
use licentia_protocol::activate::Request;
use licentia_testing::{TestAuthority, actor, root};

const CATALOG: &str = r#"
[product]
code = "p"
name = "P"
default_plan = "a"
[[plan]]
code = "a"
tier = "A"
rank = 1
seats = 9
"#;

/// An application: its build knows the root; it fetches the keyset when it does not know a key.
struct App(Trust);

impl App {
    fn built() -> Self {
        Self(Trust::from_text(&root().public_key().to_pem()).unwrap())
    }

    fn fetch(&mut self, test: &TestAuthority) {
        let trust = test.authority.trust();
        self.0.accept_keyset(trust.keyset_token().unwrap()).unwrap();
    }

    fn verdict(&self, key: &str) -> &'static str {
        verify::<License>(key, &self.0).map_or_else(|invalid| invalid.code(), |_| "valid")
    }
}

async fn activate(test: &TestAuthority, key: &str, cluster: &str) -> Result<String, String> {
    let request = Request {
        license_key: key.into(),
        cluster_id: cluster.into(),
        nonce: "nonce-00000001".into(),
        generation: None,
        fingerprint: Some("machine".into()),
        ..Request::default()
    };
    let answer = test.authority.activate(request, "192.0.2.1".into()).await;
    answer.map(|a| a.answer.license).map_err(|problem| problem.code)
}

async fn key_in_state(test: &TestAuthority, state: &str) -> Option<String> {
    let keys = test.authority.list_keys().await.unwrap();
    keys.into_iter().find(|k| k.state == state && k.purposes == ["license"]).map(|k| k.kid)
}

#[tokio::test]
async fn next_active_previous_retired_compromised() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let root: Arc<dyn Signer> = Arc::new(root());
    let rotate = || {
        test.authority.rotate_key(
            Purpose::License,
            NewKey::Ed25519,
            false,
            Arc::clone(&root),
            actor(),
        )
    };

    // A issues. The bare root cannot know A; with the keyset of the day it does.
    let a = key_in_state(&test, "active").await.unwrap();
    let by_a = test.issue_key("p").await;
    let mut app = App::built();
    assert_eq!(app.verdict(&by_a), "unknown_key");
    app.fetch(&test);
    assert_eq!(app.verdict(&by_a), "valid");

    // B is published; A still signs.
    rotate().await.unwrap();
    let b = key_in_state(&test, "next").await.unwrap();
    let still_by_a = test.issue_key("p").await;
    assert_eq!(app.verdict(&still_by_a), "valid");
    app.fetch(&test);

    // B signs, A is previous: an application that fetched while B was next needs nothing new.
    rotate().await.unwrap();
    assert_eq!(key_in_state(&test, "active").await.as_ref(), Some(&b));
    let by_b = test.issue_key("p").await;
    assert_eq!((app.verdict(&by_a), app.verdict(&by_b)), ("valid", "valid"));
    app.fetch(&test);
    assert_eq!((app.verdict(&by_a), app.verdict(&by_b)), ("valid", "valid"));

    // A cannot be retired while customers depend on it; their licences move first.
    let retire = || test.authority.retire_key(a.clone(), Arc::clone(&root), actor());
    assert!(retire().await.err().unwrap().to_string().contains("in force"));
    let moved = test.authority.reissue_signed_by(a.clone(), actor(), |_| {}).await.unwrap();
    assert_eq!(moved, 2);
    retire().await.unwrap();
    app.fetch(&test);
    assert_eq!((app.verdict(&by_a), app.verdict(&by_b)), ("unknown_key", "valid"));
    // The customer who still has the old key is not locked out: online it is exchanged.
    let exchanged = activate(&test, &by_a, "c1").await.unwrap();
    assert_eq!(app.verdict(&exchanged), "valid");

    // A is found to be compromised; a thief mints a licence with it.
    test.authority.compromise_key(a, Arc::clone(&root), actor()).await.unwrap();
    app.fetch(&test);
    assert_eq!((app.verdict(&by_a), app.verdict(&by_b)), ("key_compromised", "valid"));
    assert_eq!(app.verdict(&activate(&test, &by_a, "c1").await.unwrap()), "valid");
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn a_compromised_active_key_has_a_successor_at_once_and_customers_get_new_keys_at_the_next_contact()
 {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let root: Arc<dyn Signer> = Arc::new(root());
    let license = test.issue("p").await;
    let key = license.key.clone().unwrap();
    let other = test.issue("p").await;
    let other_key = other.key.clone().unwrap();
    let stolen = key_in_state(&test, "active").await.unwrap();
    test.authority.compromise_key(stolen.clone(), Arc::clone(&root), actor()).await.unwrap();
    let mut app = App::built();
    app.fetch(&test);
    assert_eq!(app.verdict(&key), "key_compromised");

    let reissued = activate(&test, &key, "c1").await.unwrap();
    assert_eq!(app.verdict(&reissued), "valid");
    let same = verify::<License>(&reissued, &app.0).unwrap();
    assert_eq!(same.sub, license.id.to_string());
    // What only looks like one of ours is not exchanged: another licence's signature under this one's claims.
    let (input, _) = key.rsplit_once('.').unwrap();
    let (_, signature) = other_key.rsplit_once('.').unwrap();
    assert_eq!(
        activate(&test, &format!("{input}.{signature}"), "c2").await,
        Err("unknown_license".into())
    );

    assert_eq!(test.authority.reissue_signed_by(stolen, actor(), |_| {}).await.unwrap(), 1);
    assert_eq!(
        app.verdict(&test.authority.show_license(other.id).await.unwrap().key.unwrap()),
        "valid"
    );
}

#[tokio::test]
async fn only_a_root_of_this_authority_changes_its_keys() {
    let test = TestAuthority::new().await;
    let stranger = licentia_issue::Ed25519Signer::from_seed([1; 32]).unwrap();
    let before = test.authority.list_keys().await.unwrap();
    let refused = test
        .authority
        .rotate_key(Purpose::License, NewKey::Ed25519, true, Arc::new(stranger), actor())
        .await;
    assert!(refused.err().unwrap().to_string().contains("not that of a root"));
    assert_eq!(test.authority.list_keys().await.unwrap(), before);
    let root: Arc<dyn Signer> = Arc::new(root());
    assert!(
        test.authority
            .rotate_key(Purpose::Root, NewKey::Ed25519, true, Arc::clone(&root), actor())
            .await
            .is_err()
    );
    assert!(test.authority.retire_key("nope".into(), root, actor()).await.is_err());
}

#[tokio::test]
async fn an_rsa_key_signs_licences_and_leases_like_any_other() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let root: Arc<dyn Signer> = Arc::new(root());
    for purpose in [Purpose::License, Purpose::Lease] {
        test.authority
            .rotate_key(purpose, NewKey::Rsa2048, true, Arc::clone(&root), actor())
            .await
            .unwrap();
    }
    let key = test.issue_key("p").await;
    let (header, _) = licentia_license::verify::decode_unverified(&key).unwrap();
    assert_eq!(header["alg"], "RS256");
    let mut app = App::built();
    app.fetch(&test);
    assert_eq!(app.verdict(&key), "valid");
    assert!(activate(&test, &key, "c1").await.is_ok());
    // A key from elsewhere is taken in once.
    let given = || {
        NewKey::Given(Box::new(licentia_issue::Ed25519Signer::from_seed([9; 32]).unwrap().into()))
    };
    let adopt =
        || test.authority.rotate_key(Purpose::License, given(), true, Arc::clone(&root), actor());
    adopt().await.unwrap();
    assert!(adopt().await.is_err());
}
