//! The chain of actions: decisions 35 and 36.

use licentia_license::chain::{ChainKey, Entry, Link};
use licentia_protocol::activate::{Answer, Request};
use licentia_protocol::heartbeat::{self, Chain, ChainEntry, ChainHead};
use licentia_testing::{START, TestAuthority};

use crate::support::{activate, audited, beat, code, heartbeat, request, with};

const SEED: [u8; 4] = [0, 0x11, 0x22, 0x33];

/// A product that seals its actions. A clone of it is a copy of the installation.
#[derive(Clone)]
struct Product {
    answer: Answer,
    generation: u64,
    nonce: String,
    head: ChainHead,
}

impl Product {
    async fn start(test: &TestAuthority, key: &str) -> Self {
        let answer = activate(&test.authority, request(key, "c1")).await.unwrap();
        Self::of(answer, 1)
    }

    fn of(answer: Answer, generation: u64) -> Self {
        let (nonce, head) = (answer.server_nonce.clone(), answer.chain.clone().unwrap());
        Self { answer, generation, nonce, head }
    }

    fn seal(&self, actions: &[&str]) -> Chain {
        self.seal_under(&self.nonce, actions)
    }

    fn seal_under(&self, nonce: &str, actions: &[&str]) -> Chain {
        let signature = self.answer.license.rsplit('.').next().unwrap();
        let key = ChainKey::derive(signature, &SEED, &self.answer.salt, nonce);
        let mut previous: Link = self.head.head.parse().unwrap();
        let mut entries = Vec::new();
        for (action, sequence) in actions.iter().zip(self.head.sequence + 1..) {
            let time = "2026-01-01T00:00:00Z";
            let entry = Entry { sequence, tenant: "a|b", action, hash: "00ff", time };
            previous = key.seal(&previous, &entry);
            entries.push(ChainEntry {
                sequence,
                tenant: "a|b".into(),
                action: (*action).into(),
                hash: "00ff".into(),
                time: time.into(),
                mac: previous.to_string(),
            });
        }
        Chain { server_nonce: nonce.into(), previous: self.head.head.clone(), entries }
    }

    fn request(&self, chain: Chain) -> heartbeat::Request {
        heartbeat::Request { chain: Some(chain), ..beat(&self.answer, self.generation) }
    }

    fn take(&mut self, answer: &heartbeat::Answer) {
        self.generation += 1;
        self.nonce.clone_from(&answer.server_nonce);
        self.head = answer.chain.clone().unwrap();
    }

    async fn send(&mut self, test: &TestAuthority, chain: Chain) -> heartbeat::Answer {
        let answer = heartbeat(&test.authority, self.request(chain)).await.unwrap();
        self.take(&answer);
        answer
    }
}

/// An installation whose chain has a gap and then goes on in two ways.
pub(crate) async fn goes_wrong(test: &TestAuthority, key: &str) {
    let mut product = Product::start(test, key).await;
    product.send(test, product.seal(&["one"])).await;
    for n in [1, 4] {
        let (_, chain) = faulty(&product)[n].clone();
        product.send(test, chain).await;
    }
}

fn faults(test: &TestAuthority) -> Vec<String> {
    ["chain.broken", "chain.gapped", "chain.forked", "activation.clone_detected"]
        .into_iter()
        .flat_map(|action| audited(test, action).into_iter().map(move |_| action.to_owned()))
        .collect()
}

#[tokio::test]
async fn decision_35_entries_are_checked_and_the_head_is_kept() {
    let (test, key) = with("").await;
    let mut product = Product::start(&test, &key).await;
    assert_eq!((product.head.sequence, product.head.head.clone()), (0, "0".repeat(64)));
    let answer = product.send(&test, product.seal(&["one", "two", "three"])).await;
    assert_eq!(answer.chain.unwrap().sequence, 3);
    product.send(&test, product.seal(&["four"])).await;
    // Nothing new is nothing wrong.
    assert_eq!(product.send(&test, product.seal(&[])).await.chain.unwrap().sequence, 4);
    assert_eq!(heartbeat(&test.authority, beat(&product.answer, 4)).await.unwrap().chain, None);
    assert_eq!(faults(&test), [] as [String; 0]);
}

#[tokio::test]
async fn decision_35_the_last_two_nonces_count_and_no_other() {
    let (test, key) = with("").await;
    let mut product = Product::start(&test, &key).await;
    let first = product.nonce.clone();
    product.send(&test, product.seal(&["one"])).await;
    // Sealed while that heartbeat was under way.
    product.send(&test, product.seal_under(&first, &["two"])).await;
    assert_eq!(faults(&test), [] as [String; 0]);
    product.send(&test, product.seal_under(&first, &["three"])).await;
    assert_eq!(faults(&test), ["chain.broken"]);
    // Told once: it goes on from where the product stands.
    product.send(&test, product.seal(&["four"])).await;
    assert_eq!(faults(&test).len(), 1);
}

#[tokio::test]
async fn decision_35_a_lost_answer_is_given_again_with_its_head() {
    let (test, key) = with("").await;
    let mut product = Product::start(&test, &key).await;
    let request = product.request(product.seal(&["one", "two"]));
    let lost = heartbeat(&test.authority, request.clone()).await.unwrap();
    let again = heartbeat(&test.authority, request).await.unwrap();
    assert_eq!((&again.chain, &again.server_nonce), (&lost.chain, &lost.server_nonce));
    product.take(&again);
    product.send(&test, product.seal(&["three"])).await;
    assert_eq!(faults(&test), [] as [String; 0]);
}

#[tokio::test]
async fn decision_35_an_activation_tells_where_the_chain_goes_on() {
    let (test, key) = with("").await;
    let mut product = Product::start(&test, &key).await;
    let salt = product.answer.salt.clone();
    product.send(&test, product.seal(&["one", "two"])).await;
    // Acknowledged, and the answer was lost; then the process died with its state.
    heartbeat(&test.authority, product.request(product.seal(&["three"]))).await.unwrap();
    let again = Request { generation: Some(3), ..request(&key, "c1") };
    let answer = activate(&test.authority, again).await.unwrap();
    assert_eq!(answer.salt, salt, "fixed at activation");
    let mut product = Product::of(answer, 4);
    assert_eq!(product.head.sequence, 3);
    product.send(&test, product.seal(&["four"])).await;
    assert_eq!(faults(&test), [] as [String; 0]);
}

#[tokio::test]
async fn decision_35_a_licence_that_is_signed_anew_does_not_break_the_chain() {
    let (test, key) = with("").await;
    let mut product = Product::start(&test, &key).await;
    product.send(&test, product.seal(&["one"])).await;
    let id = crate::support::lease(&test.authority, &product.answer.lease).sub.parse().unwrap();
    test.clock.advance(60);
    test.authority.reissue(id, licentia_testing::actor()).await.unwrap();
    let answer = product.send(&test, product.seal(&["two"])).await;
    assert!(answer.license.is_some());
    product.send(&test, product.seal(&["three"])).await;
    assert_eq!(faults(&test), [] as [String; 0]);
}

#[tokio::test]
async fn decision_35_more_than_two_thousand_entries_are_malformed_and_so_is_what_has_no_shape() {
    let (test, key) = with("").await;
    let mut product = Product::start(&test, &key).await;
    let many = vec!["act"; 2_001];
    let sealed = product.seal(&many);
    let refused = heartbeat(&test.authority, product.request(sealed.clone())).await;
    assert_eq!(code(refused), "malformed");
    type Change = fn(&mut Chain);
    let changes: [Change; 8] = [
        |chain| chain.previous.push('0'),
        |chain| chain.entries[0].mac = "XY".repeat(32),
        |chain| chain.entries[0].time = "yesterday".into(),
        |chain| chain.entries[0].time = "2026-01-01T00:00:00+01:00".into(),
        |chain| chain.entries[0].hash = "not hex|".into(),
        |chain| chain.entries[0].action = String::new(),
        |chain| chain.entries[0].sequence = u64::MAX,
        |chain| chain.entries[0].tenant = "t".repeat(129),
    ];
    for change in changes {
        let mut chain = product.seal(&["one"]);
        change(&mut chain);
        let refused = heartbeat(&test.authority, product.request(chain)).await;
        assert_eq!(code(refused), "malformed");
    }
    let full = Chain { entries: sealed.entries[..2_000].to_vec(), ..sealed };
    assert_eq!(product.send(&test, full).await.chain.unwrap().sequence, 2_000);
    product.send(&test, product.seal(&["rest"])).await;
    assert_eq!(faults(&test), [] as [String; 0]);
}

/// Each fault, made from a good report of three entries that follow one that was acknowledged.
fn faulty(product: &Product) -> [(&'static str, Chain); 5] {
    let good = || product.seal(&["two", "three", "four"]);
    let mut changed = good();
    changed.entries[1].action = "delete".into();
    let mut left_out = good();
    left_out.entries.remove(1);
    let mut first_left_out = good();
    first_left_out.previous = first_left_out.entries.remove(0).mac;
    let mut made_up = good();
    made_up.entries[2].mac = "0".repeat(64);
    let other = Product {
        head: ChainHead { head: "11".repeat(32), ..product.head.clone() },
        ..product.clone()
    };
    [
        ("chain.broken", changed),
        ("chain.gapped", left_out),
        ("chain.gapped", first_left_out),
        ("chain.broken", made_up),
        ("chain.forked", other.seal(&["two"])),
    ]
}

#[tokio::test]
async fn decision_36_a_broken_chain_is_an_event_and_the_heartbeat_goes_on() {
    for n in 0..5 {
        let (test, key) = with("").await;
        let mut product = Product::start(&test, &key).await;
        product.send(&test, product.seal(&["one"])).await;
        let (fault, chain) = faulty(&product)[n].clone();
        product.send(&test, chain).await;
        assert_eq!(faults(&test)[0], fault, "{n}");
        product.send(&test, product.seal(&["next"])).await;
        let expected = if fault == "chain.forked" { 2 } else { 1 };
        assert_eq!(faults(&test).len(), expected, "{n}");
    }
}

#[tokio::test]
async fn decision_36_the_plan_may_revoke_with_a_day_of_grace() {
    for n in 0..5 {
        let (test, key) = with("on_chain_broken = \"revoke\"\ngrace = \"72h\"").await;
        let mut product = Product::start(&test, &key).await;
        product.send(&test, product.seal(&["one"])).await;
        let (_, chain) = faulty(&product)[n].clone();
        let refused = heartbeat(&test.authority, product.request(chain)).await.err().unwrap();
        assert_eq!((refused.status, refused.code.as_str()), (403, "chain_broken"));
        let refusal = refused.refusal.unwrap();
        let refusal = licentia_license::verify::verify::<licentia_license::refusal::Refusal>(
            &refusal,
            &test.authority.trust(),
        );
        assert_eq!(refusal.unwrap().grace_until, Some(START + 86_400));
        // Within the grace it runs on, to the end of it and no further.
        let again = Request { generation: Some(product.generation), ..request(&key, "c1") };
        let answer = activate(&test.authority, again).await.unwrap();
        assert_eq!(crate::support::lease(&test.authority, &answer.lease).exp, START + 86_400);
        // Nor is it revoked a second time.
        let mut product = Product::of(answer, product.generation + 1);
        let (_, chain) = faulty(&product)[0].clone();
        product.send(&test, chain).await;
        test.clock.advance(86_400);
        let late = activate(&test.authority, request(&key, "c1")).await;
        assert_eq!(code(late), "chain_broken");
        assert_eq!(audited(&test, "license.revoke").len(), 1);
    }
}

#[tokio::test]
async fn decision_36_a_fork_is_a_clone_and_the_plan_says_what_then() {
    for (on_clone, told) in
        [("warn", "granted"), ("reactivate", "stale_generation"), ("suspend", "suspended")]
    {
        let (test, key) = with(&format!("on_clone = \"{on_clone}\"")).await;
        let mut product = Product::start(&test, &key).await;
        product.send(&test, product.seal(&["one"])).await;
        let mut copy = product.clone();
        product.send(&test, product.seal(&["two"])).await;
        // The copy found out the generation and the nonce; its history it cannot change.
        copy.generation = product.generation;
        copy.nonce.clone_from(&product.nonce);
        let forked = heartbeat(&test.authority, copy.request(copy.seal(&["other"]))).await;
        assert_eq!(code(forked), told, "{on_clone}");
        assert_eq!(faults(&test), ["chain.forked", "activation.clone_detected"], "{on_clone}");
        if on_clone == "reactivate" {
            // Whoever it was, what it has is stale, and activating is the way back.
            assert_eq!(code(heartbeat(&test.authority, beat(&product.answer, 3)).await), told);
            let again = Request { generation: Some(3), ..request(&key, "c1") };
            activate(&test.authority, again).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_report_that_was_acknowledged_may_come_again_as_part_of_a_longer_one() {
    let (test, key) = with("").await;
    let mut product = Product::start(&test, &key).await;
    let longer = product.seal(&["one", "two", "three"]);
    let shorter = Chain { entries: longer.entries[..2].to_vec(), ..longer.clone() };
    product.send(&test, shorter).await;
    assert_eq!(product.send(&test, longer).await.chain.unwrap().sequence, 3);
    assert_eq!(faults(&test), [] as [String; 0]);
}
