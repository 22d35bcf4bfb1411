//! What is not signed as it should be does not count.

use licentia_testing::START;
use serde_json::json;

use crate::events::Subscription;
use crate::stripe::{SECRET, Served, bodies, sign};

#[tokio::test]
async fn what_stripe_has_not_signed_for_us_and_now_changes_nothing() {
    let served = Served::new().await;
    let subscription = Subscription { name: "d".into(), start: START };
    let paid = [subscription.invoice(0, "paid", (0, 30), "price_standard", 4_900)];
    let body = paid[0].body.to_string();
    let good = sign(&bodies(&paid, START), SECRET).remove(0);
    let other = sign(&bodies(&paid, START), "whsec_of_somebody_else").remove(0);
    let early = sign(&bodies(&paid, START - 301), SECRET).remove(0);
    let late = sign(&bodies(&paid, START + 301), SECRET).remove(0);
    let refused = |answer: (u16, serde_json::Value)| {
        assert_eq!((answer.0, &answer.1["code"]), (401, &json!("bad_signature")), "{answer:?}");
    };
    refused(served.deliver(body.clone(), None).await);
    for header in [&other, &early, &late] {
        refused(served.deliver(body.clone(), Some(header)).await);
    }
    refused(served.deliver(body.replace("4900", "0"), Some(&good)).await);
    let garbage = "{}".to_owned();
    let signed = sign(&[(garbage.clone(), START)], SECRET).remove(0);
    let (status, problem) = served.deliver(garbage, Some(&signed)).await;
    assert_eq!((status, &problem["code"]), (422, &json!("malformed")));
    let (_, list) = served.call("GET", "/v1/admin/licenses", None).await;
    assert_eq!(list["items"], json!([]));
    let (_, payments) = served.call("GET", "/v1/admin/payments", None).await;
    assert_eq!(payments["items"], json!([]));
    // And with it, it does; also under the secret from before.
    let rolled = sign(&bodies(&paid, START), "whsec_of_last_year").remove(0);
    assert_eq!(served.deliver(body, Some(&rolled)).await, (200, json!({ "counted": true })));
    let (_, payments) = served.call("GET", "/v1/admin/payments", None).await;
    let (_, list) = served.call("GET", "/v1/admin/licenses", None).await;
    assert_eq!(payments["items"][0]["license"], list["items"][0]["id"]);
    assert_eq!(payments["items"][0]["kind"], "invoice.paid");
    served.end().await;
}

#[tokio::test]
async fn a_price_that_buys_nothing_is_kept_and_counts_once_it_does() {
    let served = Served::new().await;
    let subscription = Subscription { name: "n".into(), start: START };
    let mut sent = vec![subscription.invoice(0, "paid", (0, 30), "price_new", 4_900)];
    sent.push(subscription.is(1, "updated", "active", "price_standard", &json!({})));
    let headers = sign(&bodies(&sent, START).map_now(), SECRET);
    let mut found = Vec::new();
    for (sent, header) in sent.iter().zip(&headers) {
        let (status, _) = served.deliver(sent.body.to_string(), Some(header)).await;
        assert_eq!(status, 200);
        let (_, list) = served.call("GET", "/v1/admin/licenses", None).await;
        found.push(list["items"].as_array().unwrap().len());
    }
    assert_eq!(found, [0, 1]);
    served.end().await;
}

trait Now {
    fn map_now(self) -> Self;
}

impl Now for Vec<(String, i64)> {
    /// All of them signed at the moment at which they are sent.
    fn map_now(self) -> Self {
        self.into_iter().map(|(body, _)| (body, START)).collect()
    }
}

#[tokio::test]
async fn a_licence_that_the_vendor_names_is_paid_for_and_keeps_its_id() {
    let served = Served::new().await;
    let trial = licentia_authority::licenses::issue::Order {
        trial: true,
        ..licentia_testing::order("bzzz")
    };
    let trial = served.test.authority.issue(trial, licentia_testing::actor()).await.unwrap();
    let subscription = Subscription { name: "m".into(), start: START };
    let metadata = json!({ "metadata": { "licentia_license": trial.id } });
    let sent = [
        subscription.is(0, "created", "active", "price_enterprise", &metadata),
        subscription.invoice(0, "paid", (0, 365), "price_enterprise", 99_000),
    ];
    let headers = sign(&bodies(&sent, START), SECRET);
    for (sent, header) in sent.iter().zip(&headers) {
        assert_eq!(served.deliver(sent.body.to_string(), Some(header)).await.0, 200);
    }
    let (_, list) = served.call("GET", "/v1/admin/licenses", None).await;
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!((&items[0]["id"], &items[0]["plan"]), (&json!(trial.id), &json!("enterprise")));
    assert_eq!(items[0]["state"], "active");
    served.end().await;
}

#[tokio::test]
async fn what_an_operator_did_by_hand_stays_until_the_purchase_says_something_new() {
    let served = Served::new().await;
    let subscription = Subscription { name: "o".into(), start: START };
    let sent = [
        subscription.invoice(0, "paid", (0, 30), "price_standard", 4_900),
        subscription.invoice(0, "payment_failed", (30, 60), "price_standard", 4_901),
        subscription.invoice(0, "paid", (60, 90), "price_standard", 4_902),
    ];
    let headers = sign(&bodies(&sent, START), SECRET);
    let deliver = async |n: usize| {
        let (status, _) = served.deliver(sent[n].body.to_string(), Some(&headers[n])).await;
        assert_eq!(status, 200);
    };
    deliver(0).await;
    let (_, list) = served.call("GET", "/v1/admin/licenses", None).await;
    let path = format!("/v1/admin/licenses/{}", list["items"][0]["id"].as_str().unwrap());
    let act = async |verb: &str, body| {
        let (status, answer) = served.call("POST", &format!("{path}/{verb}"), Some(body)).await;
        assert_eq!(status, 200, "{answer}");
    };
    act("renew", json!({ "days": 1_000 })).await;
    act("suspend", json!({ "reason": "terms" })).await;
    let (_, by_hand) = served.call("GET", &path, None).await;
    for n in [1, 2] {
        deliver(n).await;
        let (_, license) = served.call("GET", &path, None).await;
        assert_eq!(license["expires_at"], by_hand["expires_at"], "{n}");
        assert_eq!(license["state"], "suspended", "{n}");
    }
    served.end().await;
}
