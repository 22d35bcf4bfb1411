//! Installations that never had a licence.

use licentia_license::verify::verify;
use licentia_license::waiver::GraceGrant;
use licentia_protocol::grace::Request;
use licentia_testing::START;

use crate::support::{DAY, with};

fn asks(product: &str) -> Request {
    Request { product: product.into(), nonce: "nonce-0001".into(), fingerprint: None }
}

#[tokio::test]
async fn b12_who_never_had_a_licence_runs_in_a_signed_grace_to_the_day_that_the_product_names() {
    let test = with("upgrade = { until = \"2026-02-14\", days = 30 }", "").await;
    let ask = async |request: Request| {
        let answer = test.authority.grace_for_upgrade(request).await;
        let grace = answer.map_err(|problem| (problem.code, problem.refusal.is_some()))?;
        let signed = verify::<GraceGrant>(&grace.grace, &test.authority.trust()).unwrap();
        assert_eq!(signed.exp, grace.expires_at.as_second());
        Ok::<_, (String, bool)>(signed.claims().clone())
    };
    let first = ask(asks("bzzz")).await.unwrap();
    assert_eq!(
        (first.aud.as_str(), first.tier.as_str(), first.exp),
        ("bzzz", "STANDARD", START + 30 * DAY)
    );
    let own = Request { fingerprint: Some("host-mac:00112233445566ff".into()), ..asks("bzzz") };
    assert_eq!(ask(own.clone()).await.unwrap().fingerprint, own.fingerprint);
    // The last one ends with the day itself: 45 days from the 1st of January.
    test.clock.advance(40 * DAY);
    assert_eq!(ask(asks("bzzz")).await.unwrap().exp, START + 45 * DAY);
    test.clock.advance(5 * DAY);
    let needed = ("license_needed".to_owned(), true);
    assert_eq!(ask(asks("bzzz")).await.unwrap_err(), needed, "signed, as every refusal");
    assert_eq!(ask(asks("nothing")).await.unwrap_err(), needed);
    let garbage = Request { fingerprint: Some("x".into()), ..asks("bzzz") };
    assert_eq!(ask(garbage).await.unwrap_err().0, "malformed");
}

#[tokio::test]
async fn without_such_a_day_a_licence_is_needed() {
    let test = with("", "").await;
    let answer = test.authority.grace_for_upgrade(asks("bzzz")).await;
    assert_eq!(answer.unwrap_err().code, "license_needed");
}
