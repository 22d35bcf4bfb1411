//! Activation, validation, revocation and expiry are the same with a key of every scheme.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use licentia_authority::licenses::issue::{Order, Term};
use licentia_issue::Secret;
use licentia_license::scheme::{Rules, check, scheme_of, v1};
use licentia_license::verify::verify;
use licentia_license::{License, Trust};
use licentia_model::Scheme;
use licentia_protocol::{activate, validate};
use licentia_testing::{START, TestAuthority, actor, order};

const CATALOG: &str = r#"
[product]
code = "caio"
name = "CAIO"
default_plan = "a"
[[plan]]
code = "a"
tier = "PRO"
rank = 2
seats = 50
features = ["x"]
"#;
const SECRET: &[u8] = b"an old secret of thirty-two bytes or more";

async fn ready(product_lines: &str) -> TestAuthority {
    let test = TestAuthority::new().await;
    test.import(&CATALOG.replace("default_plan", &format!("{product_lines}\ndefault_plan"))).await;
    test.authority
        .import_secret("caio".into(), Secret::new(SECRET.to_vec()), actor())
        .await
        .unwrap();
    test
}

fn order_in(scheme: Scheme) -> Order {
    Order { scheme: Some(scheme), ..order("caio") }
}

async fn activate(test: &TestAuthority, key: &str) -> Result<activate::Answer, String> {
    let request = activate::Request {
        license_key: key.into(),
        cluster_id: "c1".into(),
        nonce: "nonce-00000001".into(),
        fingerprint: Some("machine".into()),
        ..Default::default()
    };
    let answer = test.authority.activate(request, "192.0.2.1".into()).await;
    answer.map(|a| a.answer).map_err(|problem| problem.code)
}

async fn validate(test: &TestAuthority, key: &str) -> String {
    let request = validate::Request { license_key: key.into(), ..Default::default() };
    test.authority.validate(request).await.map_err(Box::new).unwrap().code
}

#[tokio::test]
async fn a_key_of_every_scheme_lives_the_same_life() {
    for scheme in [Scheme::Jwt, Scheme::V2, Scheme::V1, Scheme::Short] {
        let test = ready("").await;
        let issued = test.authority.issue(order_in(scheme), actor()).await.unwrap();
        let key = issued.key.unwrap();
        assert_eq!(scheme_of(&key), Ok(scheme), "{key}");
        assert_eq!(issued.scheme, scheme.as_str());

        let answer = activate(&test, &key).await.unwrap();
        assert_eq!((answer.tier.as_str(), answer.features), ("PRO", vec!["x".to_owned()]));
        let record = verify::<License>(&answer.license, &test.authority.trust()).unwrap();
        assert_eq!(record.sub, issued.id.to_string());
        assert_eq!(validate(&test, &key).await, "valid");

        test.authority.suspend(issued.id, None, actor()).await.unwrap();
        assert_eq!(validate(&test, &key).await, "suspended");
        assert_eq!(activate(&test, &key).await.err().unwrap(), "suspended");
        test.authority.resume(issued.id, actor()).await.unwrap();
        test.clock.advance(31 * 86_400);
        assert_eq!(validate(&test, &key).await, "expired");
        test.authority.revoke(issued.id, None, 0, actor()).await.unwrap();
        assert_eq!(validate(&test, &key).await, "revoked");

        // Shown again only where it is kept.
        let shown = test.authority.show_license(issued.id).await.unwrap().key;
        assert_eq!(shown, matches!(scheme, Scheme::Jwt | Scheme::V2).then_some(key));
    }
}

#[tokio::test]
async fn a_v2_key_verifies_offline_and_a_v1_key_with_its_secret() {
    let test = ready("").await;
    let trust = test.authority.trust();
    let v2 = test.authority.issue(order_in(Scheme::V2), actor()).await.unwrap();
    let license =
        check(v2.key.as_ref().unwrap(), &trust, &Rules::new().prefix("CAIO"), START).unwrap();
    assert_eq!((license.sub.as_str(), license.tier.as_str()), (v2.id.to_string().as_str(), "PRO"));

    let v1 = test.authority.issue(order_in(Scheme::V1), actor()).await.unwrap();
    let rules = Rules::new().secret(SECRET, None).unwrap();
    let license = check(v1.key.as_ref().unwrap(), &Trust::default(), &rules, START).unwrap();
    assert_eq!(license.sub, v1.id.to_string());
    // Thirty days end on a day's end, in the key and in the record alike.
    assert_eq!(license.exp, v1.expires_at.map(|at| at.as_second()));
    let perpetual = Order { term: Term::Perpetual, ..order_in(Scheme::V1) };
    assert!(
        test.authority
            .issue(perpetual, actor())
            .await
            .unwrap()
            .key
            .unwrap()
            .contains("-PERPETUAL-")
    );
}

#[tokio::test]
async fn a_typed_key_is_read_as_people_type_it() {
    let test = ready("").await;
    let key = test.authority.issue(order_in(Scheme::Short), actor()).await.unwrap().key.unwrap();
    let typed = key.to_lowercase().replace('0', "o").replace('1', "l");
    assert_eq!(validate(&test, &typed).await, "valid");
    assert_eq!(validate(&test, "CAIO-00000-00000-00000-00000").await, "unknown_license");
}

#[tokio::test]
async fn secrets_are_rotated_and_a_forged_tag_is_unknown() {
    let test = ready("").await;
    let old = test.authority.issue(order_in(Scheme::V1), actor()).await.unwrap().key.unwrap();
    let newer = Secret::new(b"the current secret, thirty-two bytes or more".to_vec());
    test.authority.import_secret("caio".into(), newer, actor()).await.unwrap();
    let new = test.authority.issue(order_in(Scheme::V1), actor()).await.unwrap().key.unwrap();
    assert_eq!(
        (validate(&test, &old).await, validate(&test, &new).await),
        ("valid".into(), "valid".into())
    );

    // A key with a right tag that was never issued here is unknown all the same.
    let secret = v1::Secret::new(SECRET).unwrap();
    let id = "550e8400-e29b-41d4-a716-446655440000";
    let stray = v1::make(&secret, "CAIO", "ENTERPRISE", id, "PERPETUAL", None).unwrap();
    assert_eq!(validate(&test, &stray).await, "unknown_license");
    let weak = Secret::new(b"too short".to_vec());
    assert!(test.authority.import_secret("caio".into(), weak, actor()).await.is_err());
}

#[tokio::test]
async fn a_scheme_is_refused_from_its_own_date_on() {
    let test = ready("sunset = { v1 = \"2026-01-10\" }").await;
    let v1 = test.authority.issue(order_in(Scheme::V1), actor()).await.unwrap().key.unwrap();
    let v2 = test.authority.issue(order_in(Scheme::V2), actor()).await.unwrap().key.unwrap();
    test.clock.advance(10 * 86_400 - 1);
    assert_eq!(validate(&test, &v1).await, "valid");
    test.clock.advance(1);
    assert_eq!(
        (validate(&test, &v1).await, validate(&test, &v2).await),
        ("unknown_license".into(), "valid".into())
    );
    assert!(test.authority.issue(order_in(Scheme::V1), actor()).await.is_err());
}

#[tokio::test]
async fn somebody_elses_key_is_imported_and_exchanged() {
    let test = ready("").await;
    let license = test.issue("caio").await;
    for key in
        ["BZZZ-2025-ABC123-XYZ", "MRR-xxxxx", "TMWS-PRO-ABCD-1234", "ACME-UUUUU-00000-00000-00001"]
    {
        assert_eq!(validate(&test, key).await, "unknown_license");
        test.authority.import_key(license.id, key.into(), actor()).await.unwrap();
        assert_eq!(validate(&test, key).await, "valid");
    }
    let answer = activate(&test, "MRR-xxxxx").await.unwrap();
    let record = verify::<License>(&answer.license, &test.authority.trust()).unwrap();
    assert_eq!(record.sub, license.id.to_string());
    let taken = test.authority.import_key(license.id, "MRR-xxxxx".into(), actor()).await;
    assert!(taken.is_ok(), "once more is no more");
    let other = test.issue("caio").await;
    assert!(test.authority.import_key(other.id, "MRR-xxxxx".into(), actor()).await.is_err());
    assert!(test.authority.import_key(license.id, "a b".into(), actor()).await.is_err());
}

#[tokio::test]
async fn a_bound_licence_runs_on_its_machine_and_survives_a_new_network_card() {
    use licentia_license::fingerprint::{Bind, Component, Fingerprint, Parts};
    let test = ready("").await;
    let machine = |card: &str| {
        let parts = Parts::default()
            .with("caio", Component::Machine, "0123456789abcdef")
            .with("caio", Component::Board, "board serial 7")
            .with("caio", Component::Disk, "disk serial 9")
            .with("caio", Component::Network, card);
        Fingerprint::Parts(parts).to_string()
    };
    let bind = Bind::to(machine("00:11:22:33:44:55").parse().unwrap());
    let order = Order { bind: Some(bind), ..order("caio") };
    let key = test.authority.issue(order, actor()).await.unwrap().key.unwrap();
    let on = |fingerprint: Option<String>| {
        let request = activate::Request {
            license_key: key.clone(),
            cluster_id: "c1".into(),
            nonce: "nonce-00000001".into(),
            fingerprint,
            ..Default::default()
        };
        test.authority.activate(request, "192.0.2.1".into())
    };
    assert!(on(Some(machine("00:11:22:33:44:55"))).await.is_ok());
    assert!(on(Some(machine("aa:bb:cc:dd:ee:ff"))).await.is_ok());
    let stranger = Parts::default().with("caio", Component::Machine, "another machine");
    for fingerprint in
        [None, Some("any words".into()), Some(Fingerprint::Parts(stranger).to_string())]
    {
        assert_eq!(on(fingerprint).await.err().unwrap().code, "wrong_machine");
    }
}
