//! Usage: counted once, quotas told, and never a reason to refuse.

use std::collections::BTreeMap;

use licentia_protocol::activate::{Answer, Request};
use licentia_protocol::heartbeat::{self, AdviceKind};
use licentia_testing::TestAuthority;

use crate::support::{activate, beat, from, heartbeat, nonce, request, rows, run};

const CATALOG: &str = r#"
[product]
code = "bzzz"
name = "BZZZ"
default_plan = "small"

[[plan]]
code = "small"
tier = "SMALL"
rank = 1
seats = 2
limits = { tokens = 1_000, cpu_hours = 10, hops = 5, jobs = "unlimited" }
quotas = { tokens = { per = "month" }, cpu_hours = { per = "day", kind = "hard" }, hops = { per = "hour" }, jobs = { per = "total" } }

[[plan]]
code = "middle"
tier = "MIDDLE"
rank = 2
seats = 2
limits = { tokens = 2_000, cpu_hours = 10, hops = 5 }

[[plan]]
code = "large"
tier = "LARGE"
rank = 3
seats = 2
limits = { tokens = "unlimited", cpu_hours = 1_000, hops = 5 }

[[meter]]
name = "tokens"
unit = "token"
[[meter]]
name = "cpu_hours"
unit = "h"
scale = 3
[[meter]]
name = "hops"
[[meter]]
name = "jobs"
"#;

fn used<const N: usize>(of: [(&str, i64); N]) -> BTreeMap<String, i64> {
    of.into_iter().map(|(name, amount)| (name.to_owned(), amount)).collect()
}

/// A cluster that reports.
struct Reporter<'a> {
    test: &'a TestAuthority,
    answer: Answer,
    generation: u64,
}

impl<'a> Reporter<'a> {
    async fn new(test: &'a TestAuthority, key: &str, cluster: &str) -> Self {
        let answer = activate(&test.authority, request(key, cluster)).await.unwrap();
        Self { test, answer, generation: 1 }
    }

    fn request<const N: usize>(&self, usage: [(&str, i64); N]) -> heartbeat::Request {
        heartbeat::Request { usage: used(usage), ..beat(&self.answer, self.generation) }
    }

    async fn send(&mut self, request: heartbeat::Request) -> heartbeat::Answer {
        let answer = heartbeat(&self.test.authority, request).await.unwrap();
        self.generation += 1;
        answer
    }

    async fn report<const N: usize>(&mut self, usage: [(&str, i64); N]) -> heartbeat::Answer {
        let request = self.request(usage);
        self.send(request).await
    }
}

fn total(test: &TestAuthority, meter: &str) -> Option<i64> {
    let sql = format!("SELECT amount FROM usage_totals WHERE meter = '{meter}'");
    rows(test, &sql).first().map(|amount| amount.parse().unwrap())
}

#[tokio::test]
async fn decision_17_a_quota_is_told_near_and_over_with_the_plan_that_would_fit() {
    let (test, key) = from(CATALOG).await;
    let mut one = Reporter::new(&test, &key, "c1").await;
    let mut two = Reporter::new(&test, &key, "c2").await;
    assert_eq!(one.report([("tokens", 400)]).await.advice, []);
    // Clusters of one licence count together.
    let near = two.report([("tokens", 400)]).await.advice;
    assert_eq!(near.len(), 1);
    assert_eq!((near[0].kind, near[0].used, near[0].limit), (AdviceKind::QuotaNear, 800, 1_000));
    assert_eq!(near[0].per.as_deref(), Some("month"));
    assert_eq!(near[0].unit.as_deref(), Some("token"));
    assert_eq!(near[0].plan.as_ref().unwrap().code, "middle");
    assert_eq!(near[0].resets_at.unwrap().to_string(), "2026-02-01T00:00:00Z");
    let over = one.report([("tokens", 200)]).await.advice;
    assert_eq!(over[0].kind, AdviceKind::QuotaOver);
    // 2,000 would be used up as well.
    let far = one.report([("tokens", 1_000)]).await.advice;
    assert_eq!(far[0].plan.as_ref().unwrap().code, "large");
    // In the next month it begins anew; in all it does not.
    test.clock.advance(31 * 86_400 - 60);
    let answer = activate(&test.authority, request(&key, "c1")).await;
    assert_eq!(crate::support::code(answer), "expired");
    assert_eq!(total(&test, "tokens"), Some(2_000));
}

#[tokio::test]
async fn decision_17_a_hard_quota_is_told_in_the_smallest_unit_and_ends_with_its_window() {
    let (test, key) = from(CATALOG).await;
    let mut one = Reporter::new(&test, &key, "c1").await;
    assert_eq!(one.report([("cpu_hours", 7_999)]).await.advice, []);
    let near = one.report([("cpu_hours", 1)]).await.advice;
    assert_eq!((near[0].kind, near[0].limit, near[0].scale), (AdviceKind::QuotaNear, 10_000, 3));
    let exceeded = one.report([("cpu_hours", 2_000)]).await;
    assert_eq!(exceeded.advice[0].kind, AdviceKind::QuotaExceeded);
    assert_eq!(exceeded.advice[0].plan.as_ref().unwrap().code, "large");
    // Told, and nothing else: the seat is kept, whatever the quota.
    assert!(!exceeded.lease.is_empty());
    test.clock.advance(86_399);
    let again = Request { generation: Some(one.generation), ..request(&key, "c1") };
    one.answer = activate(&test.authority, again).await.unwrap();
    one.generation += 1;
    assert_eq!(one.report([]).await.advice[0].kind, AdviceKind::QuotaExceeded);
    test.clock.advance(1);
    assert_eq!(one.report([]).await.advice, []);
}

#[tokio::test]
async fn a_quota_by_the_hour_ends_with_the_hour_and_an_unlimited_one_is_never_told() {
    let (test, key) = from(CATALOG).await;
    let mut one = Reporter::new(&test, &key, "c1").await;
    let advice = one.report([("hops", 5), ("jobs", i64::MAX)]).await.advice;
    assert_eq!(advice.len(), 1);
    assert_eq!(advice[0].plan, None, "no plan allows more hops");
    test.clock.advance(3_600);
    assert_eq!(one.report([]).await.advice, []);
}

#[tokio::test]
async fn a_report_counts_once_whatever_is_repeated() {
    let (test, key) = from(CATALOG).await;
    let mut one = Reporter::new(&test, &key, "c1").await;
    let named = |request: heartbeat::Request, id: &str| heartbeat::Request {
        usage_id: Some(id.into()),
        ..request
    };
    // The same answer asked for again, with and without a name.
    for request in [one.request([("tokens", 1)]), named(one.request([("tokens", 10)]), "r1")] {
        let request = heartbeat::Request { generation: one.generation, ..request };
        let first = one.send(request.clone()).await;
        let again = heartbeat(&test.authority, request).await.unwrap();
        assert_eq!((first.usage_counted, again.usage_counted), (Some(true), Some(true)));
    }
    assert_eq!(total(&test, "tokens"), Some(11));
    // Repeated in another heartbeat, and after another activation.
    let request = named(one.request([("tokens", 10)]), "r1");
    assert_eq!(one.send(request).await.usage_counted, Some(true));
    let again = Request { generation: Some(one.generation), ..request_of(&key) };
    one.answer = activate(&test.authority, again).await.unwrap();
    one.generation += 1;
    let request = named(one.request([("tokens", 10)]), "r1");
    one.send(request).await;
    let request = named(one.request([("tokens", 100)]), "r2");
    one.send(request).await;
    assert_eq!(total(&test, "tokens"), Some(111));
    assert_eq!(one.report([]).await.usage_counted, None);
}

fn request_of(key: &str) -> Request {
    Request { nonce: nonce(), ..request(key, "c1") }
}

#[tokio::test]
async fn a_meter_that_fails_never_fails_the_heartbeat() {
    let (test, key) = from(CATALOG).await;
    let mut one = Reporter::new(&test, &key, "c1").await;
    run(&test, "ALTER TABLE usage_totals RENAME TO gone");
    let request =
        heartbeat::Request { usage_id: Some("r1".into()), ..one.request([("tokens", 900)]) };
    let answer = one.send(request.clone()).await;
    assert_eq!(answer.usage_counted, Some(false));
    assert_eq!(crate::support::lease(&test.authority, &answer.lease).generation, 2);
    run(&test, "ALTER TABLE gone RENAME TO usage_totals");
    // Nothing of it was kept, so the same report counts now: in the lost answer, and once.
    let again = heartbeat(&test.authority, request.clone()).await.unwrap();
    assert_eq!(again.usage_counted, Some(true));
    let next = heartbeat::Request { nonce: nonce(), generation: 2, ..request };
    one.send(next).await;
    assert_eq!(total(&test, "tokens"), Some(900));
    // Without its tables there is no advice, and all else is as it was.
    run(&test, "DROP TABLE usage_hours; DROP TABLE usage_totals");
    let answer = one.report([("tokens", 1)]).await;
    assert_eq!((answer.usage_counted, answer.advice.len()), (Some(false), 0));
}

#[tokio::test]
async fn nonsense_is_not_counted_and_refuses_nobody() {
    let (test, key) = from(CATALOG).await;
    let mut one = Reporter::new(&test, &key, "c1").await;
    let mut usage = used([("tokens", -5), ("", 1), ("a\nb", 1), ("hops", i64::MAX)]);
    usage.insert("x".repeat(65), 1);
    for n in 0..300 {
        usage.insert(format!("z{n}"), 1);
    }
    let request = heartbeat::Request { usage, ..one.request([]) };
    one.send(request).await;
    // Sums stay at the end of their range.
    one.report([("hops", i64::MAX)]).await;
    assert_eq!(total(&test, "hops"), Some(i64::MAX));
    assert_eq!(total(&test, "tokens"), None);
    for page in 0..12 {
        let usage = (0..100).map(|n| (format!("free-{page}-{n}"), 1)).collect();
        let request = heartbeat::Request { usage, ..one.request([]) };
        one.send(request).await;
    }
    let meters: usize = rows(&test, "SELECT count(*) FROM usage_totals")[0].parse().unwrap();
    assert!(meters <= 501, "{meters}");
}

#[tokio::test]
async fn usage_by_the_hour_is_forgotten_and_totals_stay() {
    let (test, key) = from(CATALOG).await;
    let mut one = Reporter::new(&test, &key, "c1").await;
    one.report([("tokens", 5)]).await;
    test.clock.advance(90 * 86_400 + 3_600);
    test.authority.prune(90).await.unwrap();
    assert_eq!(rows(&test, "SELECT count(*) FROM usage_hours"), ["0"]);
    assert_eq!(total(&test, "tokens"), Some(5));
}
