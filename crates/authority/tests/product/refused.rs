//! Who has no licence learns nothing, and leaves no row each.

use licentia_authority::licenses::issue::Order;
use licentia_license::verdict::OnlineVerdict;
use licentia_license::verify::verify;
use licentia_model::Scheme;
use licentia_protocol::validate;
use licentia_testing::{TestAuthority, actor, order};

use crate::support::{CATALOG, activate, audited, from, nonce, request, rows, run, with};

/// Keys that are unknown, each for another reason.
async fn unknown_keys(test: &TestAuthority, key: &str) -> Vec<String> {
    // Signed by the very same key, which repeats in tests, and not on record here.
    let other = from(CATALOG).await.0;
    for _ in 0..5 {
        other.issue("bzzz").await;
    }
    let elsewhere = other.issue_key("bzzz").await;
    let (head, signature) = key.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let short = test
        .authority
        .issue(Order { scheme: Some(Scheme::Short), ..order("bzzz") }, actor())
        .await
        .unwrap();
    let sunset =
        CATALOG.replace("default_plan", "sunset = { short = \"2025-12-31\" }\ndefault_plan");
    test.import(&sunset).await;
    vec![
        String::new(),
        "x".into(),
        "no key at all".into(),
        "eyJhbGciOiJub25lIn0.e30.".into(),
        key[..key.len() - 9].into(),
        format!("{head}.{flipped}{}", &signature[1..]),
        "x".repeat(20_000),
        elsewhere,
        short.key.unwrap(),
        "BZZZ-00000-00000-00000-00000".into(),
        "BZZZ-PRO-5f0c2a4e-0000-4000-8000-000000000000-PERPETUAL-0123456789abcdef".into(),
        "BZZZ-v2-acme-e30.AAAA".into(),
        "BZZZ-2025-ABC123-XYZ".into(),
        "' OR 1=1 --".into(),
    ]
}

#[tokio::test]
async fn decision_18_every_unknown_key_is_answered_alike() {
    let (test, key) = with("").await;
    let mut answers = Vec::new();
    for unknown in unknown_keys(&test, &key).await {
        let mut problem = activate(&test.authority, request(&unknown, "c1")).await.err().unwrap();
        assert!(problem.refusal.take().is_some(), "{unknown}");
        let asked = validate::Request { license_key: unknown, ..validate::Request::default() };
        let asked = test.authority.validate(asked).await.map_err(Box::new).unwrap();
        answers.push((problem, serde_json::to_string(&asked).unwrap()));
    }
    assert_eq!((answers[0].0.status, answers[0].0.code.as_str()), (404, "unknown_license"));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn decision_42_refusals_are_counted_and_summed_and_no_row_each() {
    let (test, key) = with("").await;
    let count = || rows(&test, "SELECT count(*) FROM audit");
    let before = count();
    for n in 0..50 {
        let _ = activate(&test.authority, request(&format!("{key}x{n}"), "c1")).await;
    }
    assert_eq!(count(), before);
    test.authority.record_refusals().await.unwrap();
    test.authority.record_refusals().await.unwrap();
    assert_eq!(audited(&test, "product.refused"), ["{\"unknown_license\":50}"]);
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn decision_42_the_address_of_a_product_is_a_commitment_that_can_be_erased() {
    let (test, key) = with("").await;
    activate(&test.authority, request(&key, "c1")).await.unwrap();
    let origin = rows(&test, "SELECT origin FROM audit WHERE actor = 'product'");
    assert_eq!(origin, ["committed"]);
    let row = audited(&test, "activation.activate").remove(0);
    assert!(!row.contains("192.0.2.1") && row.contains("\"origin\":\"sha256:"), "{row}");
    // Salted: the address could be guessed from a bare hash. The same value is told differently each time.
    let again = licentia_protocol::activate::Request { generation: Some(1), ..request(&key, "c1") };
    activate(&test.authority, again).await.unwrap();
    let told = audited(&test, "activation.activate");
    let commitment = |row: &str| {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        [row["origin"].as_str().unwrap().to_owned(), row["cluster_id"].as_str().unwrap().to_owned()]
    };
    for (one, other) in commitment(&told[0]).iter().zip(commitment(&told[1])) {
        assert_ne!(*one, other);
    }
    assert!(test.authority.verify_audit().await.unwrap().valid);
    run(&test, "DELETE FROM audit_secrets");
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn decision_11_a_verdict_is_signed_names_its_key_and_says_what_is_granted() {
    let (test, key) = with("").await;
    let ask = |key: &str| validate::Request {
        license_key: key.into(),
        product: Some("bzzz".into()),
        nonce: Some(nonce()),
        ..validate::Request::default()
    };
    let verdict = |token: Option<String>| {
        verify::<OnlineVerdict>(&token.unwrap(), &test.authority.trust()).unwrap()
    };
    let asked = ask(&key);
    let answer = test.authority.validate(asked.clone()).await.map_err(Box::new).unwrap();
    let signed = verdict(answer.verdict);
    assert_eq!(Some(&signed.nonce), asked.nonce.as_ref());
    assert!(signed.valid && signed.code == "valid" && signed.aud.as_deref() == Some("bzzz"));
    assert_eq!((signed.tier.as_deref(), &signed.features), (Some("STANDARD"), &answer.features));
    assert_eq!(signed.license_exp, answer.expires_at.map(jiff::Timestamp::as_second));
    assert_eq!(signed.limits, answer.limits);
    // An answer about another key says so, valid or not.
    let other = test.authority.validate(ask("unknown")).await.map_err(Box::new).unwrap();
    let other = verdict(other.verdict);
    assert!(!other.valid && other.sub.is_none() && other.key != signed.key);
    assert_eq!(other.code, "unknown_license");
}

/// A signature costs more than all the rest of an answer: so many are checked for every unknown key, whatever is wrong
/// with it, again and again. A key that is known is checked once.
#[tokio::test]
async fn decision_18_every_unknown_key_costs_the_same_work() {
    let (test, key) = with("").await;
    let unknown = unknown_keys(&test, &key).await;
    let spent = async |key: &str| {
        let before = test.authority.signature_checks();
        let asked = validate::Request { license_key: key.into(), ..validate::Request::default() };
        test.authority.validate(asked).await.map_err(Box::new).unwrap();
        test.authority.signature_checks() - before
    };
    for _ in 0..2 {
        for unknown in &unknown {
            assert_eq!(spent(unknown).await, 2, "{unknown:.60}");
        }
    }
    assert_eq!((spent(&key).await, spent(&key).await), (1, 0));
}
