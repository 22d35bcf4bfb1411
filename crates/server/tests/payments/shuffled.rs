//! Events come late, twice and in any order, and end the same.

use aws_lc_rs::hmac;
use licentia_authority::payments::{Delivery, Event, OnRefund, Price, Rules, provider};
use licentia_issue::Secret;
use licentia_testing::{START, TestAuthority};
use serde_json::Value;

use crate::events::{CATALOG, DAY, Sent, Subscription};

/// A generator that repeats (xorshift64*): which order a round has follows from its number.
struct Order(u64);

impl Order {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(drawn).unwrap() % n
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

fn read(sent: &Sent, now: i64) -> Event {
    let body = sent.body.to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"whsec_x");
    let tag = hmac::sign(&key, format!("{now}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let header = format!("t={now},v1={hex}");
    let stripe = provider("stripe", vec![Secret::new("whsec_x".to_owned())], 300).unwrap();
    let headers = |name: &str| (name == "stripe-signature").then_some(header.as_str());
    stripe.read(&Delivery { headers: &headers, body: body.as_bytes(), now }).unwrap()
}

fn rules(on_refund: OnRefund) -> Rules {
    let price = |plan: &str| Price { product: "bzzz".into(), plan: plan.into() };
    let prices = [("price_standard", "standard"), ("price_enterprise", "enterprise")];
    let prices = prices.map(|(id, plan)| (id.to_owned(), price(plan))).into();
    Rules { prices, on_refund, ..Rules::default() }
}

/// All that a customer has in the end, whatever it is called.
async fn ends(test: &TestAuthority, sent: &[Sent], rules: &Rules) -> Value {
    let mut license = None;
    for sent in sent {
        let event = read(sent, START);
        let taken = test
            .authority
            .take_payment("stripe", event, rules.clone(), "192.0.2.1".into())
            .await
            .unwrap();
        license = taken.license_id.or(license);
    }
    let shown = test.authority.show_license(license.unwrap()).await.unwrap();
    let mut shown = serde_json::to_value(shown).unwrap();
    for own in ["id", "key", "key_id", "token_version", "created_at", "updated_at"] {
        shown.as_object_mut().unwrap().remove(own);
    }
    shown
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is the tester's to say")]
async fn events_doubled_and_shuffled_end_the_same() {
    let rounds: u64 =
        std::env::var("LICENTIA_SHUFFLES").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    test.clock.advance(400 * DAY);
    for on_refund in [OnRefund::Suspend, OnRefund::Revoke] {
        let rules = rules(on_refund);
        let year = |n: u64| Subscription { name: format!("{on_refund:?}{n}"), start: START }.year();
        let expected = ends(&test, &year(0), &rules).await;
        let state = if on_refund == OnRefund::Suspend { "suspended" } else { "revoked" };
        assert_eq!((&expected["state"], &expected["plan"]), (&state.into(), &"enterprise".into()));
        for round in 1..=rounds {
            let mut order = Order(round.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let mut sent = year(round);
            for _ in 0..5 {
                let again = sent[order.below(sent.len())].clone();
                sent.push(again);
            }
            order.shuffle(&mut sent);
            let found = ends(&test, &sent, &rules).await;
            assert_eq!(found, expected, "round {round}: {sent:#?}");
        }
    }
    assert!(test.authority.verify_audit().await.unwrap().valid);
}
