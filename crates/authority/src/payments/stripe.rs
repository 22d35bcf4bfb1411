//! Stripe: webhook events (<https://docs.stripe.com/webhooks>), of its API versions from 2024 on. The signature is
//! HMAC-SHA256 over `TIME.BODY` in the header `Stripe-Signature: t=TIME,v1=HEX`.
//!
//! Read are `invoice.paid`, `invoice.payment_failed`, `invoice_payment.paid`, `customer.subscription.*`,
//! `charge.refunded`, `charge.dispute.*` and `checkout.session.completed`; every other event is kept for what it links.
//! `licentia_license` in the metadata of a subscription or check-out names a licence to be paid for; `licentia_plan`,
//! as `PRODUCT/PLAN`, what a check-out without a subscription buys.

use aws_lc_rs::hmac;
use licentia_issue::Secret;
use serde_json::Value;
use uuid::Uuid;

use super::{Buyer, Delivery, Event, Fact, Provider, Stage, Unreadable};
use crate::hex::unhex;

/// The name.
pub const NAME: &str = "stripe";
const SIGNATURE: &str = "stripe-signature";
/// Prices of one subscription that are looked at.
const MOST_PRICES: usize = 20;
/// Longest id that is kept.
const LONGEST_ID: usize = 255;

/// Stripe, with the secrets of the endpoint: several while one is rolled.
pub struct Stripe {
    /// `whsec_…`.
    pub secrets: Vec<Secret<String>>,
    /// How many seconds a signature may be old, or ahead.
    pub tolerance_s: u32,
}

impl Provider for Stripe {
    fn name(&self) -> &'static str {
        NAME
    }

    fn read(&self, delivery: &Delivery<'_>) -> Result<Event, Unreadable> {
        let header = delivery.header(SIGNATURE).ok_or(Unreadable::Signature)?;
        self.check(header, delivery.body, delivery.now)?;
        let event: Value = serde_json::from_slice(delivery.body)
            .map_err(|_| Unreadable::Malformed("the body is not JSON"))?;
        read(&event)
    }
}

impl Stripe {
    fn check(&self, header: &str, body: &[u8], now: i64) -> Result<(), Unreadable> {
        let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
        let time = parts().find(|(name, _)| *name == "t").map(|(_, time)| time);
        let time = time.ok_or(Unreadable::Signature)?;
        let at: i64 = time.parse().map_err(|_| Unreadable::Signature)?;
        let signed = [time.as_bytes(), b".", body].concat();
        let tags = parts().filter(|(name, _)| *name == "v1").take(8);
        let tags: Vec<[u8; 32]> = tags.filter_map(|(_, tag)| unhex(tag)).collect();
        let good = self.secrets.iter().any(|secret| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
            tags.iter().any(|tag| hmac::verify(&key, &signed, tag).is_ok())
        });
        if !good {
            return Err(Unreadable::Signature);
        }
        if now.abs_diff(at) > u64::from(self.tolerance_s) {
            return Err(Unreadable::Stale);
        }
        Ok(())
    }
}

fn read(event: &Value) -> Result<Event, Unreadable> {
    let wrong = Unreadable::Malformed;
    let id = text(event, "/id").ok_or(wrong("`id` is missing"))?;
    let kind = text(event, "/type").ok_or(wrong("`type` is missing"))?;
    let at = event["created"].as_i64().ok_or(wrong("`created` is missing"))?;
    let object = &event["data"]["object"];
    if !object.is_object() {
        return Err(wrong("`data.object` is missing"));
    }
    let mut references = references(object);
    if references.is_empty() {
        references.push(id.clone());
    }
    let fact = fact(&kind, object).unwrap_or(Fact::Linked);
    Ok(Event { id, kind, at, references, fact })
}

/// Ids of what an object is, and of what it belongs to. A customer may have several subscriptions, so his does not
/// hold anything together.
fn references(object: &Value) -> Vec<String> {
    let own = match object["object"].as_str() {
        Some(
            "subscription" | "invoice" | "charge" | "dispute" | "payment_intent"
            | "invoice_payment" | "checkout.session" | "refund",
        ) => text(object, "/id"),
        _ => None,
    };
    let others = [
        "/subscription",
        "/parent/subscription_details/subscription",
        "/invoice",
        "/charge",
        "/latest_charge",
        "/payment_intent",
        "/payment/payment_intent",
        "/payment/charge",
    ];
    let mut found: Vec<String> =
        own.into_iter().chain(others.iter().filter_map(|path| id_at(object, path))).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn fact(kind: &str, object: &Value) -> Option<Fact> {
    match (kind, object["object"].as_str()?) {
        ("invoice.paid", "invoice") => Some(invoice(object)),
        ("invoice.payment_failed", "invoice") => Some(Fact::Failed),
        ("checkout.session.completed" | "checkout.session.async_payment_succeeded", _) => {
            checkout(object)
        }
        ("charge.refunded", "charge") if object["refunded"] == true => Some(Fact::Refunded),
        // A warning is a question of the bank's; no money is back yet.
        ("charge.dispute.created" | "charge.dispute.funds_withdrawn", _) => {
            let status = object["status"].as_str().unwrap_or_default();
            (!status.starts_with("warning")).then_some(Fact::Disputed)
        }
        ("charge.dispute.closed" | "charge.dispute.funds_reinstated", _) => {
            (object["status"] == "won").then_some(Fact::DisputeWon)
        }
        (_, "subscription") if kind.starts_with("customer.subscription.") => {
            Some(subscription(kind, object))
        }
        _ => None,
    }
}

fn subscription(kind: &str, object: &Value) -> Fact {
    let status = object["status"].as_str().unwrap_or_default();
    let ended = kind.ends_with(".deleted") || matches!(status, "canceled" | "incomplete_expired");
    let ending = object["cancel_at_period_end"] == true || object["cancel_at"].is_i64();
    let stage = match (ended, ending) {
        (true, _) => Stage::Ended,
        (false, true) => Stage::Ending,
        (false, false) if kind.ends_with(".created") => Stage::Begun,
        (false, false) => Stage::Running,
    };
    // A trial that waits for a card is none.
    let trial = !status.starts_with("incomplete");
    Fact::Subscription {
        stage,
        prices: prices(&object["items"]["data"], &["/price/id", "/plan/id"]),
        trial_until: object["trial_end"].as_i64().filter(|_| trial),
        license: license(object, &["/metadata"]),
    }
}

fn invoice(object: &Value) -> Fact {
    let lines = object["lines"]["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    let until = lines.iter().filter_map(|line| line["period"]["end"].as_i64()).max();
    let of_subscription = id_at(object, "/subscription").is_some()
        || id_at(object, "/parent/subscription_details/subscription").is_some();
    // Of an upgrade the invoice takes the former price back in one line and charges the new one in another.
    let charged: Vec<&Value> =
        lines.iter().filter(|line| line["amount"].as_i64().is_none_or(|a| a >= 0)).collect();
    let charged = Value::Array(charged.into_iter().cloned().collect());
    Fact::Paid {
        amount: object["amount_paid"].as_i64().unwrap_or_default(),
        prices: prices(&charged, &["/pricing/price_details/price", "/price/id", "/plan/id"]),
        until: if of_subscription { until } else { None },
        buyer: buyer(object, "/customer_email", "/customer_name"),
        license: license(
            object,
            &[
                "/parent/subscription_details/metadata",
                "/subscription_details/metadata",
                "/metadata",
            ],
        ),
    }
}

/// What is bought once is paid here; of a subscription its invoice tells.
fn checkout(object: &Value) -> Option<Fact> {
    if object["mode"] != "payment" || object["payment_status"] != "paid" {
        return None;
    }
    Some(Fact::Paid {
        amount: object["amount_total"].as_i64().unwrap_or_default(),
        prices: text(object, "/metadata/licentia_plan").into_iter().collect(),
        until: None,
        buyer: buyer(object, "/customer_details/email", "/customer_details/name"),
        license: license(object, &["/metadata"]),
    })
}

fn prices(items: &Value, paths: &[&str]) -> Vec<String> {
    let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
    let price = |item| paths.iter().find_map(|path| id_at(item, path));
    items.iter().filter_map(price).take(MOST_PRICES).collect()
}

fn buyer(object: &Value, email: &str, name: &str) -> Option<Buyer> {
    Some(Buyer { email: text(object, email)?, name: text(object, name) })
}

fn license(object: &Value, metadata: &[&str]) -> Option<Uuid> {
    let named = |path: &&str| text(object, &format!("{path}/licentia_license"));
    metadata.iter().find_map(named).and_then(|id| Uuid::parse_str(&id).ok())
}

/// An id, or the id of the object that stands in its place.
fn id_at(object: &Value, path: &str) -> Option<String> {
    match object.pointer(path)? {
        Value::Object(inner) => inner.get("id")?.as_str().map(str::to_owned),
        id => id.as_str().map(str::to_owned),
    }
    .filter(|id| (1..=LONGEST_ID).contains(&id.len()))
}

fn text(object: &Value, path: &str) -> Option<String> {
    let text = object.pointer(path)?.as_str()?.trim();
    (1..=LONGEST_ID).contains(&text.len()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stripe() -> Stripe {
        let secrets = ["whsec_old", "whsec_new"].map(|secret| Secret::new(secret.to_owned()));
        Stripe { secrets: secrets.into(), tolerance_s: 300 }
    }

    fn header(secret: &str, at: i64, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, &[format!("{at}.").as_bytes(), body].concat());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("t={at},v1={hex}")
    }

    #[test]
    fn only_what_is_signed_in_time_with_a_secret_of_ours_counts() {
        let (stripe, body) = (stripe(), b"{}");
        let check = |header: &str, now| stripe.check(header, body, now);
        for secret in ["whsec_old", "whsec_new"] {
            assert_eq!(check(&header(secret, 1_000, body), 1_300), Ok(()));
            assert_eq!(check(&header(secret, 1_000, body), 1_301), Err(Unreadable::Stale));
            assert_eq!(check(&header(secret, 1_000, body), 699), Err(Unreadable::Stale));
        }
        let good = header("whsec_new", 1_000, body);
        // While Stripe rolls a secret, a header carries one signature of each.
        let (time, tag) = good.split_once(',').unwrap();
        assert_eq!(check(&format!("{time},v1={},{tag}", "0".repeat(64)), 1_000), Ok(()));
        let wrong = Err(Unreadable::Signature);
        for bad in [
            header("whsec_other", 1_000, body),
            header("whsec_new", 1_000, b"{ }"),
            good.replace("t=1000", "t=1001"),
            good.replace("v1=", "v0="),
            tag.to_owned(),
            time.to_owned(),
            format!("{time},v1="),
            format!("{time},v1={}", "é".repeat(32)),
            String::new(),
        ] {
            assert_eq!(check(&bad, 1_000), wrong, "{bad}");
        }
    }

    fn event(kind: &str, object: impl Into<Value>) -> Event {
        let object = object.into();
        let event =
            json!({ "id": "evt_1", "type": kind, "created": 7, "data": { "object": object } });
        read(&event).unwrap()
    }

    #[test]
    fn an_invoice_is_read_in_the_form_of_either_version() {
        let line = |price: Value| json!({ "amount": 4900, "period": { "start": 1, "end": 99 }, "price": price });
        let license = Uuid::from_u128(7);
        let old = json!({
            "object": "invoice", "id": "in_1", "subscription": "sub_1", "charge": "ch_1", "payment_intent": "pi_1",
            "customer": "cus_1", "customer_email": "ada@example.com", "customer_name": "Ada", "amount_paid": 4900,
            "subscription_details": { "metadata": { "licentia_license": license } },
            "lines": { "data": [line(json!({ "id": "price_1" }))] }
        });
        let read_old = event("invoice.paid", old);
        assert_eq!(read_old.references, ["ch_1", "in_1", "pi_1", "sub_1"]);
        let fact = Fact::Paid {
            amount: 4900,
            prices: vec!["price_1".into()],
            until: Some(99),
            buyer: Some(Buyer { email: "ada@example.com".into(), name: Some("Ada".into()) }),
            license: Some(license),
        };
        assert_eq!(read_old.fact, fact);
        let new = json!({
            "object": "invoice", "id": "in_1", "customer_email": "ada@example.com", "customer_name": "Ada",
            "amount_paid": 4900,
            "parent": { "type": "subscription_details", "subscription_details":
                { "subscription": "sub_1", "metadata": { "licentia_license": license } } },
            "lines": { "data": [
                { "amount": -100, "period": { "end": 99 }, "pricing": { "price_details": { "price": "price_0" } } },
                { "amount": 5000, "period": { "end": 99 }, "pricing": { "price_details": { "price": "price_1" } } },
            ] }
        });
        let read_new = event("invoice.paid", new);
        assert_eq!(
            (read_new.references, read_new.fact),
            (vec!["in_1".into(), "sub_1".into()], fact)
        );
    }

    #[test]
    fn a_subscription_says_where_it_is() {
        let stage = |kind: &str, more: Value| {
            let mut object = json!({
                "object": "subscription", "id": "sub_1", "status": "active",
                "items": { "data": [{ "price": { "id": "price_1" } }] }
            });
            object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            match event(kind, object).fact {
                Fact::Subscription { stage, trial_until, .. } => (stage, trial_until),
                other => panic!("{other:?}"),
            }
        };
        let created = "customer.subscription.created";
        let updated = "customer.subscription.updated";
        assert_eq!(stage(created, json!({})), (Stage::Begun, None));
        let trial = json!({ "status": "trialing", "trial_end": 9 });
        assert_eq!(stage(created, trial), (Stage::Begun, Some(9)));
        let waits = json!({ "status": "incomplete", "trial_end": 9 });
        assert_eq!(stage(created, waits), (Stage::Begun, None));
        assert_eq!(stage(updated, json!({ "cancel_at_period_end": true })).0, Stage::Ending);
        assert_eq!(stage(updated, json!({ "cancel_at": 99 })).0, Stage::Ending);
        assert_eq!(stage(updated, json!({})).0, Stage::Running);
        assert_eq!(stage("customer.subscription.deleted", json!({})).0, Stage::Ended);
    }

    #[test]
    fn money_goes_back_when_it_does_and_not_before() {
        let charge = |refunded| json!({ "object": "charge", "id": "ch_1", "payment_intent": "pi_1", "refunded": refunded });
        assert_eq!(event("charge.refunded", charge(true)).fact, Fact::Refunded);
        assert_eq!(event("charge.refunded", charge(false)).fact, Fact::Linked);
        let dispute = |kind: &str, status: &str| {
            let object = json!({ "object": "dispute", "id": "dp_1", "charge": { "id": "ch_1" }, "status": status });
            let event = event(kind, object);
            assert_eq!(event.references, ["ch_1", "dp_1"]);
            event.fact
        };
        assert_eq!(dispute("charge.dispute.created", "needs_response"), Fact::Disputed);
        assert_eq!(dispute("charge.dispute.created", "warning_needs_response"), Fact::Linked);
        assert_eq!(dispute("charge.dispute.closed", "won"), Fact::DisputeWon);
        assert_eq!(dispute("charge.dispute.closed", "lost"), Fact::Linked);
    }

    #[test]
    fn a_check_out_buys_what_its_metadata_says() {
        let session = |mode: &str, status: &str| {
            event(
                "checkout.session.completed",
                json!({
                    "object": "checkout.session", "id": "cs_1", "mode": mode, "payment_status": status,
                    "payment_intent": "pi_1", "amount_total": 9900, "metadata": { "licentia_plan": "p/a" },
                    "customer_details": { "email": "ada@example.com", "name": null }
                }),
            )
            .fact
        };
        let bought = session("payment", "paid");
        assert!(
            matches!(&bought, Fact::Paid { until: None, prices, .. } if prices == &["p/a"]),
            "{bought:?}"
        );
        assert_eq!(session("payment", "unpaid"), Fact::Linked);
        assert_eq!(session("subscription", "paid"), Fact::Linked);
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for wrong in [json!([]), json!({}), json!({ "id": "evt_1", "type": "x", "created": 1 })] {
            assert!(matches!(read(&wrong), Err(Unreadable::Malformed(_))), "{wrong}");
        }
        let unknown = event("account.updated", json!({ "object": "account", "id": "acct_1" }));
        assert_eq!((unknown.references, unknown.fact), (vec!["evt_1".into()], Fact::Linked));
    }
}
