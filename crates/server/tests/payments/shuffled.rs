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

/// How many ways; or the seed of the one way to try again.
#[expect(clippy::disallowed_methods, reason = "how long it takes is the tester's to say")]
fn seeds() -> std::ops::RangeInclusive<u64> {
    let told = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    match told("LICENTIA_SHUFFLE_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=told("LICENTIA_SHUFFLES").unwrap_or(1_000),
    }
}

/// A year as it comes in one way: some of it twice or more often, and in another order.
fn shuffled(seed: u64, on_refund: OnRefund) -> Vec<Sent> {
    let mut order = Order(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut sent = Subscription { name: format!("{on_refund:?}{seed}"), start: START }.year();
    for _ in 0..1 + order.below(10) {
        let again = sent[order.below(sent.len())].clone();
        sent.push(again);
    }
    order.shuffle(&mut sent);
    sent
}

/// Every way of a share of them, by turns with a refund that suspends and one that revokes.
async fn all_end_the_same(seeds: Vec<u64>) {
    let test = TestAuthority::in_memory().await;
    test.import(CATALOG).await;
    test.clock.advance(400 * DAY);
    let mut expected = Vec::new();
    for (on_refund, state) in [(OnRefund::Suspend, "suspended"), (OnRefund::Revoke, "revoked")] {
        let in_order = Subscription { name: format!("{on_refund:?}"), start: START }.year();
        let end = ends(&test, &in_order, &rules(on_refund)).await;
        assert_eq!((&end["state"], &end["plan"]), (&state.into(), &"enterprise".into()));
        expected.push((on_refund, end));
    }
    for seed in seeds {
        for (on_refund, end) in expected.iter().skip(usize::from(seed % 2 == 0)).take(1) {
            let sent = shuffled(seed, *on_refund);
            let found = ends(&test, &sent, &rules(*on_refund)).await;
            assert_eq!(found, *end, "again: LICENTIA_SHUFFLE_SEED={seed}; {sent:#?}");
        }
    }
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_doubled_and_shuffled_a_thousand_ways_end_the_same() {
    // An authority a share: two at a time, and no trail grows long.
    let seeds: Vec<u64> = seeds().collect();
    let mut shares = tokio::task::JoinSet::new();
    for share in seeds.chunks(125) {
        shares.spawn(all_end_the_same(share.to_vec()));
    }
    while let Some(share) = shares.join_next().await {
        share.unwrap();
    }
}

#[test]
fn no_two_ways_are_the_same() {
    let order = |seed| {
        let ids =
            shuffled(seed, OnRefund::Suspend).into_iter().map(|sent| sent.body["id"].to_string());
        ids.map(|id| id.replace(&format!("Suspend{seed}_"), "")).collect::<Vec<_>>()
    };
    let all: std::collections::BTreeSet<_> = (1..=1_000).map(order).collect();
    assert_eq!(all.len(), 1_000);
}
