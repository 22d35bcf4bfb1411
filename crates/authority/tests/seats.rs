//! The rules of seats, leases and generations, by the number of their decision.

#![expect(clippy::expect_used, reason = "helpers of tests are tests")]

mod tamper;

use licentia_authority::Authority;
use licentia_license::refusal::Refusal;
use licentia_license::verify::verify;
use licentia_license::{Lease, lease::Standing};
use licentia_protocol::activate::{Answer, Request};
use licentia_protocol::{Problem, heartbeat};
use licentia_testing::{START, TestAuthority, actor};
use std::sync::atomic::{AtomicU32, Ordering};

const CATALOG: &str = r#"
[product]
code = "bzzz"
name = "BZZZ"
heartbeat = "15m"
grace = "24h"
default_plan = "standard"

[[plan]]
code = "standard"
tier = "STANDARD"
rank = 2
seats = 2
nodes = 10
features = ["a"]
limits = { tokens = "unlimited" }
"#;

async fn with(plan_lines: &str) -> (TestAuthority, String) {
    let test = TestAuthority::new().await;
    test.import(&CATALOG.replace("limits =", &format!("{plan_lines}\nlimits ="))).await;
    let key = test.issue_key("bzzz").await;
    (test, key)
}

static NONCE: AtomicU32 = AtomicU32::new(0);

fn nonce() -> String {
    format!("nonce-{:08}", NONCE.fetch_add(1, Ordering::Relaxed))
}

fn request(key: &str, cluster: &str) -> Request {
    Request {
        license_key: key.into(),
        cluster_id: cluster.into(),
        nonce: nonce(),
        ..Request::default()
    }
}

async fn activate(authority: &Authority, request: Request) -> Result<Answer, Box<Problem>> {
    authority.activate(request, "192.0.2.1".into()).await.map(|a| a.answer).map_err(Box::new)
}

fn beat(answer: &Answer, generation: u64) -> heartbeat::Request {
    heartbeat::Request {
        activation_id: Some(answer.activation_id),
        access_token: Some(answer.access_token.clone()),
        token_version: answer.token_version,
        nonce: nonce(),
        generation,
        ..heartbeat::Request::default()
    }
}

async fn heartbeat(
    authority: &Authority,
    request: heartbeat::Request,
) -> Result<heartbeat::Answer, Box<Problem>> {
    authority.heartbeat(request, "192.0.2.1".into()).await.map_err(Box::new)
}

fn lease(authority: &Authority, token: &str) -> Lease {
    verify::<Lease>(token, &authority.trust()).expect("a signed lease").claims().clone()
}

fn code<T>(result: Result<T, Box<Problem>>) -> String {
    result.err().map_or_else(|| "granted".into(), |problem| problem.code)
}

#[tokio::test]
async fn decision_2_a_lease_ends_after_the_grace_and_never_after_the_licence() {
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    let first = lease(&test.authority, &answer.lease);
    assert_eq!((first.iat, first.next_at, first.exp), (START, START + 900, START + 86_400));
    assert_eq!((first.generation, first.standing), (1, Standing::Active));

    // Twelve hours before the licence ends, so does the lease.
    test.clock.advance(29 * 86_400 + 43_200);
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    assert_eq!(lease(&test.authority, &answer.lease).exp, START + 30 * 86_400);
    test.clock.advance(43_200);
    assert_eq!(code(activate(&test.authority, request(&key, "c1")).await), "expired");
}

#[tokio::test]
async fn decision_2_a_seat_is_held_until_its_lease_ends_and_never_one_too_many() {
    let (test, key) = with("").await;
    for cluster in ["c1", "c2"] {
        activate(&test.authority, request(&key, cluster)).await.unwrap();
    }
    let refused = activate(&test.authority, request(&key, "c3")).await.err().unwrap();
    assert_eq!(refused.code, "no_free_seat");
    assert_eq!(refused.holders.len(), 2);
    test.clock.advance(86_399);
    assert_eq!(code(activate(&test.authority, request(&key, "c3")).await), "no_free_seat");
    test.clock.advance(1);
    activate(&test.authority, request(&key, "c3")).await.unwrap();
}

#[tokio::test]
async fn decision_2_a_silent_seat_is_given_away_early_where_the_plan_says_so() {
    let (test, key) = with("reclaim_after = \"20m\"").await;
    let silent = activate(&test.authority, request(&key, "c1")).await.unwrap();
    activate(&test.authority, request(&key, "c2")).await.unwrap();
    test.clock.advance(1_200);
    activate(&test.authority, request(&key, "c3")).await.unwrap();
    activate(&test.authority, request(&key, "c4")).await.unwrap();
    // The silent holder is back, and its seat is gone.
    assert_eq!(code(heartbeat(&test.authority, beat(&silent, 1)).await), "no_free_seat");
}

#[tokio::test]
async fn decision_2_overage_is_granted_and_marked() {
    let (test, key) = with("overage = 1").await;
    let mut standings = Vec::new();
    for cluster in ["c1", "c2", "c3"] {
        let answer = activate(&test.authority, request(&key, cluster)).await.unwrap();
        standings.push(lease(&test.authority, &answer.lease).standing);
    }
    assert_eq!(standings, [Standing::Active, Standing::Active, Standing::Overage]);
    assert_eq!(code(activate(&test.authority, request(&key, "c4")).await), "no_free_seat");
}

#[tokio::test]
async fn decision_1_nodes_are_counted_within_a_cluster() {
    let (test, key) = with("").await;
    let ten = Request { nodes: Some(10), ..request(&key, "c1") };
    let answer = activate(&test.authority, ten).await.unwrap();
    assert_eq!(answer.max_nodes, Some(10));
    let eleven = Request { nodes: Some(11), ..request(&key, "c2") };
    assert_eq!(code(activate(&test.authority, eleven).await), "too_many_nodes");
    let more = heartbeat::Request { nodes: Some(11), ..beat(&answer, 1) };
    assert_eq!(code(heartbeat(&test.authority, more).await), "too_many_nodes");
}

#[tokio::test]
async fn decision_5_the_holder_reclaims_its_seat_by_generation_fingerprint_or_lost_nonce() {
    let (test, key) = with("takeovers_per_day = 0").await;
    let first = Request { fingerprint: Some("machine-1".into()), ..request(&key, "c1") };
    activate(&test.authority, first.clone()).await.unwrap();
    // The answer was lost: the same nonce comes again.
    activate(&test.authority, first).await.unwrap();
    let by_generation = Request { generation: Some(2), ..request(&key, "c1") };
    activate(&test.authority, by_generation).await.unwrap();
    let by_machine = Request {
        fingerprint: Some("machine-2".into()),
        generation: Some(3),
        ..request(&key, "c1")
    };
    activate(&test.authority, by_machine).await.unwrap();
    for _ in 0..10 {
        // A pod that loses its disk every time.
        let pod = Request { fingerprint: Some("machine-2".into()), ..request(&key, "c1") };
        activate(&test.authority, pod).await.unwrap();
    }
    assert_eq!(code(activate(&test.authority, request(&key, "c1")).await), "cluster_in_use");
}

#[tokio::test]
async fn decision_5_a_stranger_takes_over_three_times_a_day_and_the_former_holder_is_stale() {
    let (test, key) = with("").await;
    let holder = activate(&test.authority, request(&key, "c1")).await.unwrap();
    for _ in 0..3 {
        activate(&test.authority, request(&key, "c1")).await.unwrap();
    }
    assert_eq!(code(heartbeat(&test.authority, beat(&holder, 1)).await), "invalid_token");
    assert_eq!(code(activate(&test.authority, request(&key, "c1")).await), "cluster_in_use");
    test.clock.advance(86_400);
    activate(&test.authority, request(&key, "c1")).await.unwrap();
}

#[tokio::test]
async fn decision_5_a_clone_suspends_the_licence_where_the_plan_says_so() {
    let (test, key) = with("takeovers_per_day = 0\non_clone = \"suspend\"").await;
    activate(&test.authority, request(&key, "c1")).await.unwrap();
    assert_eq!(code(activate(&test.authority, request(&key, "c1")).await), "cluster_in_use");
    assert_eq!(code(activate(&test.authority, request(&key, "c1")).await), "suspended");
}

#[tokio::test]
async fn decision_6_generations_grow_a_lost_answer_is_repeated_an_old_state_is_stale() {
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    let asked = beat(&answer, 1);
    let second = heartbeat(&test.authority, asked.clone()).await.unwrap();
    let again = heartbeat(&test.authority, asked.clone()).await.unwrap();
    let (second, again) =
        (lease(&test.authority, &second.lease), lease(&test.authority, &again.lease));
    assert_eq!((second.generation, again.generation), (2, 2));
    assert_eq!(second.server_nonce, again.server_nonce);

    heartbeat(&test.authority, beat(&answer, 2)).await.unwrap();
    // Now at 3: neither the repeated request nor a restored snapshot is answered.
    assert_eq!(code(heartbeat(&test.authority, asked).await), "stale_generation");
    assert_eq!(code(heartbeat(&test.authority, beat(&answer, 2)).await), "stale_generation");
    assert_eq!(code(heartbeat(&test.authority, beat(&answer, 9)).await), "stale_generation");
    assert_eq!(code(heartbeat(&test.authority, beat(&answer, u64::MAX)).await), "stale_generation");
    heartbeat(&test.authority, beat(&answer, 3)).await.unwrap();
}

#[tokio::test]
async fn decision_7_token_then_state_then_version_then_generation_then_nodes() {
    let (test, key) = with("").await;
    let license = test.authority.list_licenses(licentia_authority::licenses::list::Filter {
        limit: 1,
        ..Default::default()
    });
    let id = license.await.unwrap()[0].id;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    test.authority.suspend(id, None, actor()).await.unwrap();

    let all_wrong = heartbeat::Request {
        access_token: Some("lat_wrong".into()),
        generation: 77,
        nodes: Some(99),
        ..beat(&answer, 1)
    };
    assert_eq!(code(heartbeat(&test.authority, all_wrong.clone()).await), "invalid_token");
    let token_right =
        heartbeat::Request { access_token: Some(answer.access_token.clone()), ..all_wrong };
    assert_eq!(code(heartbeat(&test.authority, token_right.clone()).await), "suspended");
    test.authority.resume(id, actor()).await.unwrap();
    assert_eq!(code(heartbeat(&test.authority, token_right.clone()).await), "stale_token_version");

    let again = Request { generation: Some(1), ..request(&key, "c1") };
    let answer = activate(&test.authority, again).await.unwrap();
    let version_right = heartbeat::Request {
        access_token: Some(answer.access_token.clone()),
        token_version: answer.token_version,
        ..token_right
    };
    assert_eq!(code(heartbeat(&test.authority, version_right.clone()).await), "stale_generation");
    let generation_right = heartbeat::Request { generation: 2, ..version_right };
    assert_eq!(code(heartbeat(&test.authority, generation_right).await), "too_many_nodes");
    heartbeat(&test.authority, beat(&answer, 2)).await.unwrap();
}

#[tokio::test]
async fn decision_9_a_seat_is_given_back_by_any_token_or_by_key_and_cluster_and_repeating_is_fine()
{
    use licentia_protocol::deactivate::Request as Back;
    let (test, key) = with("").await;
    let first = activate(&test.authority, request(&key, "c1")).await.unwrap();
    let second = Request { generation: Some(1), ..request(&key, "c1") };
    activate(&test.authority, second).await.unwrap();
    let stale = Back {
        activation_id: Some(first.activation_id),
        access_token: Some(first.access_token.clone()),
        ..Back::default()
    };
    let deactivate = |request: Back| test.authority.deactivate(request, "192.0.2.1".into());
    deactivate(stale.clone()).await.unwrap();
    deactivate(stale).await.unwrap();
    activate(&test.authority, request(&key, "c2")).await.unwrap();
    activate(&test.authority, request(&key, "c3")).await.unwrap();
    let by_key =
        Back { license_key: Some(key.clone()), cluster_id: Some("c2".into()), ..Back::default() };
    deactivate(by_key.clone()).await.unwrap();
    deactivate(by_key).await.unwrap();
    let never = Back { license_key: Some(key), cluster_id: Some("c9".into()), ..Back::default() };
    deactivate(never).await.unwrap();
    let wrong = Back { access_token: Some("lat_wrong".into()), ..Back::default() };
    assert_eq!(deactivate(wrong).await.err().unwrap().code, "invalid_token");
}

#[tokio::test]
async fn decision_11_a_refusal_is_signed_and_echoes_nonce_and_cluster() {
    let (test, _) = with("").await;
    let asked = request("eyJhbGciOiJub25lIn0.e30.", "c1");
    let nonce = asked.nonce.clone();
    let problem = activate(&test.authority, asked).await.err().unwrap();
    assert_eq!((problem.status, problem.code.as_str()), (404, "unknown_license"));
    let refusal = verify::<Refusal>(&problem.refusal.unwrap(), &test.authority.trust()).unwrap();
    assert_eq!(
        (refusal.nonce.as_str(), refusal.cluster_id.as_deref()),
        (nonce.as_str(), Some("c1"))
    );
    assert_eq!((refusal.code.as_str(), refusal.exp), ("unknown_license", START + 300));
}

#[tokio::test]
async fn decision_20_a_row_edited_by_hand_changes_nothing_and_is_reported() {
    let (test, key) = with("").await;
    activate(&test.authority, request(&key, "c1")).await.unwrap();
    let later = START + 900 * 86_400;
    let sql = format!("UPDATE licenses SET expires_at = {later}, tier = 'ENTERPRISE'");
    assert_eq!(tamper::edit(&test, &sql), 1);
    test.clock.advance(30 * 86_400 - 60);
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    assert_eq!(answer.tier, "STANDARD");
    assert_eq!(answer.expires_at.unwrap().as_second(), START + 30 * 86_400);
    test.clock.advance(60);
    assert_eq!(code(activate(&test.authority, request(&key, "c1")).await), "expired");
    assert!(test.authority.verify_audit().await.unwrap().valid);
    let reports = "UPDATE audit SET actor = actor WHERE action = 'license.tampered_row'";
    assert_eq!(tamper::edit(&test, reports), 1);
}

#[tokio::test]
async fn an_access_token_is_renewed_after_half_its_life_and_dies_after_all_of_it() {
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    assert!(heartbeat(&test.authority, beat(&answer, 1)).await.unwrap().access_token.is_none());
    test.clock.advance(43_200);
    let asked = beat(&answer, 2);
    let renewed = heartbeat(&test.authority, asked.clone()).await.unwrap().access_token.unwrap();
    // That answer was lost: the product still has the old token, once.
    let again = heartbeat(&test.authority, asked).await.unwrap().access_token.unwrap();
    assert_ne!(renewed, again);
    assert_eq!(code(heartbeat(&test.authority, beat(&answer, 3)).await), "stale_generation");
    let with_new = heartbeat::Request { access_token: Some(again.clone()), ..beat(&answer, 3) };
    heartbeat(&test.authority, with_new).await.unwrap();
    test.clock.advance(86_400);
    let too_late = heartbeat::Request { access_token: Some(again), ..beat(&answer, 4) };
    assert_eq!(code(heartbeat(&test.authority, too_late).await), "token_expired");
}

#[tokio::test]
async fn a_revocation_with_grace_lets_running_products_go_on_until_then() {
    let (test, key) = with("").await;
    let id = activate(&test.authority, request(&key, "c1"))
        .await
        .map(|a| lease(&test.authority, &a.lease).sub)
        .unwrap();
    test.authority.revoke(id.parse().unwrap(), None, 3_600, actor()).await.unwrap();
    let answer = activate(&test.authority, Request { generation: Some(1), ..request(&key, "c1") })
        .await
        .unwrap();
    assert_eq!(lease(&test.authority, &answer.lease).exp, START + 3_600);
    test.clock.advance(3_600);
    assert_eq!(code(heartbeat(&test.authority, beat(&answer, 2)).await), "revoked");
}
