//! Decision 13: a request with an idempotency key has one effect.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use licentia_authority::Caller;
use licentia_protocol::{activate, deactivate, heartbeat};
use licentia_testing::{TestAuthority, actor};
use licentia_testing_postgres::Cluster;
use uuid::Uuid;

const CATALOG: &str = "[product]\ncode = \"p\"\nname = \"P\"\ndefault_plan = \"a\"\n\n[[plan]]\ncode = \"a\"\n\
                       tier = \"A\"\nrank = 1\nseats = 2\ntakeovers_per_day = 0\n";

async fn licensed() -> (TestAuthority, String) {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let key = test.issue_key("p").await;
    (test, key)
}

fn request(key: &str, cluster: &str, nonce: &str) -> activate::Request {
    activate::Request {
        license_key: key.into(),
        cluster_id: cluster.into(),
        nonce: nonce.into(),
        ..activate::Request::default()
    }
}

fn with(key: &str) -> Caller {
    Caller { origin: "192.0.2.1".into(), idempotency_key: Some(key.into()) }
}

fn beat(of: &activate::Answer, generation: u64, nonce: &str) -> heartbeat::Request {
    heartbeat::Request {
        activation_id: Some(of.activation_id),
        access_token: Some(of.access_token.clone()),
        token_version: of.token_version,
        generation,
        nonce: nonce.into(),
        ..heartbeat::Request::default()
    }
}

async fn actions(test: &TestAuthority, action: &str) -> i64 {
    count(test, &format!("SELECT count(*) FROM audit WHERE action = '{action}'"))
}

/// What a query that counts finds, as an operator with a shell has it.
fn count(test: &TestAuthority, sql: &str) -> i64 {
    let Some(url) = &test.database else {
        let database = rusqlite::Connection::open(test.folder.path().join("licentia.db")).unwrap();
        return database.query_row(sql, [], |row| row.get(0)).unwrap();
    };
    Cluster::shared().sql_in(url.rsplit('/').next().unwrap(), sql).trim().parse().unwrap()
}

#[tokio::test]
async fn d13_a_repeated_activation_has_one_effect_and_its_new_token_voids_the_former() {
    let (test, key) = licensed().await;
    let ask = || test.authority.activate(request(&key, "one", "nonce-0001"), with("k"));
    let first = ask().await.unwrap();
    test.clock.advance(3600);
    let again = ask().await.unwrap();
    assert!(first.created && again.created, "the same status");
    assert_eq!(again.answer.activation_id, first.answer.activation_id);
    assert_eq!(again.answer.server_nonce, first.answer.server_nonce);
    assert_ne!(again.answer.access_token, first.answer.access_token);
    assert_eq!(actions(&test, "activation.activate").await, 1);

    let void = test.authority.heartbeat(beat(&first.answer, 1, "nonce-0002"), "x".into()).await;
    assert_eq!(void.err().map(|p| p.code), Some("invalid_token".into()));
    assert!(
        test.authority.heartbeat(beat(&again.answer, 1, "nonce-0002"), "x".into()).await.is_ok()
    );
}

#[tokio::test]
async fn d13_a_repeat_takes_nothing_from_a_holder_that_went_on() {
    let (test, key) = licensed().await;
    let ask = || test.authority.activate(request(&key, "one", "nonce-0001"), with("k"));
    let first = ask().await.unwrap();
    test.authority.heartbeat(beat(&first.answer, 1, "nonce-0002"), "x".into()).await.unwrap();
    let late = ask().await.err().unwrap();
    assert_eq!((late.status, late.code.as_str()), (401, "stale_generation"));
    assert!(late.refusal.is_none());
    assert!(
        test.authority.heartbeat(beat(&first.answer, 2, "nonce-0003"), "x".into()).await.is_ok()
    );
}

#[tokio::test]
async fn d13_another_body_under_the_same_key_is_refused_and_another_credential_is_another_scope() {
    let (test, key) = licensed().await;
    let other_key = test.issue_key("p").await;
    let activate = |key: &str, cluster: &str, nonce: &str| {
        test.authority.activate(request(key, cluster, nonce), with("k"))
    };
    assert!(activate(&key, "one", "nonce-0001").await.is_ok());
    for (cluster, nonce) in [("two", "nonce-0001"), ("one", "nonce-0002")] {
        let reused = activate(&key, cluster, nonce).await.err().unwrap();
        assert_eq!((reused.status, reused.code.as_str()), (422, "idempotency_key_reused"));
        assert!(reused.refusal.is_none());
    }
    assert!(activate(&other_key, "one", "nonce-0001").await.is_ok());
    for bad in ["", "a\tb", &"x".repeat(256)] {
        let malformed =
            test.authority.activate(request(&key, "one", "nonce-0001"), with(bad)).await.err();
        assert_eq!(malformed.map(|p| p.code), Some("malformed".into()), "{bad:?}");
    }
}

#[tokio::test]
async fn d13_a_refusal_is_not_kept_and_a_suspended_licence_gives_no_token_again() {
    let (test, key) = licensed().await;
    let license = test.issue("p").await;
    let ask = |cluster: &'static str| {
        test.authority.activate(request(&key, cluster, "nonce-0001"), with(cluster))
    };
    let one = ask("one").await.unwrap();
    assert!(ask("two").await.is_ok());
    assert_eq!(ask("three").await.err().map(|p| p.code), Some("no_free_seat".into()));
    let back = deactivate::Request {
        activation_id: Some(one.answer.activation_id),
        access_token: Some(one.answer.access_token),
        ..deactivate::Request::default()
    };
    test.authority.deactivate(back, "x".into()).await.unwrap();
    assert!(ask("three").await.is_ok(), "judged anew");

    let its_key = license.key.unwrap();
    let ask = || test.authority.activate(request(&its_key, "one", "nonce-0001"), with("k"));
    assert!(ask().await.is_ok());
    let id: Uuid = license.id;
    test.authority.suspend(id, None, actor()).await.unwrap();
    let refused = ask().await.err().unwrap();
    assert_eq!(refused.code, "suspended");
    assert!(refused.refusal.is_some());
}

#[tokio::test]
async fn d13_a_late_repeat_of_giving_back_leaves_what_was_taken_since() {
    let (test, key) = licensed().await;
    let take =
        |nonce: &'static str| test.authority.activate(request(&key, "one", nonce), "x".into());
    let give = || {
        let body = deactivate::Request {
            license_key: Some(key.clone()),
            cluster_id: Some("one".into()),
            ..deactivate::Request::default()
        };
        test.authority.deactivate(body, with("k"))
    };
    take("nonce-0001").await.unwrap();
    give().await.unwrap();
    let second = take("nonce-0002").await.unwrap();
    give().await.unwrap();
    let generation = 2;
    let kept = test.authority.heartbeat(beat(&second.answer, generation, "nonce-0003"), "x".into());
    assert!(kept.await.is_ok(), "the seat is still held");
    assert_eq!(actions(&test, "activation.deactivate").await, 1);
}

#[tokio::test]
async fn d13_a_key_counts_for_a_day_and_is_then_forgotten() {
    let (test, key) = licensed().await;
    let kept = || count(&test, "SELECT count(*) FROM idempotency_keys");
    assert!(test.authority.activate(request(&key, "one", "nonce-0001"), with("k")).await.is_ok());
    test.authority.prune(90).await.unwrap();
    assert_eq!(kept(), 1);
    test.clock.advance(24 * 3600);
    let new = test.authority.activate(request(&key, "two", "nonce-0002"), with("k")).await;
    assert!(new.is_ok_and(|new| new.created), "the key is free again");
    test.clock.advance(24 * 3600 + 1);
    test.authority.prune(90).await.unwrap();
    assert_eq!(kept(), 0);
}

/// Nothing secret rests in the row, and what a key did not finish leaves none.
#[tokio::test]
async fn d13_while_a_request_runs_the_same_one_waits_and_nothing_is_refused_in_writing() {
    let (test, key) = licensed().await;
    // Polled once and held: it is in the queue, or at work.
    let mut first =
        Box::pin(test.authority.activate(request(&key, "one", "nonce-0001"), with("k")));
    let waker = std::task::Waker::noop();
    let polled = first.as_mut().poll(&mut std::task::Context::from_waker(waker));
    assert!(polled.is_pending());
    let second =
        test.authority.activate(request(&key, "one", "nonce-0001"), with("k")).await.err().unwrap();
    assert_eq!((second.status, second.code.as_str()), (409, "in_progress"));
    assert!(second.refusal.is_none(), "it stops no product");
    assert!(first.await.is_ok());
    let third = test.authority.activate(request(&key, "one", "nonce-0001"), with("k")).await;
    assert!(third.is_ok());
}

/// The caller is gone before the answer, as after a time-out: the effect is one all the same.
#[tokio::test]
async fn d13_a_request_whose_caller_left_can_be_repeated() {
    let (test, key) = licensed().await;
    let ask = || test.authority.activate(request(&key, "one", "nonce-0001"), with("k"));
    let mut gone = Box::pin(ask());
    let waker = std::task::Waker::noop();
    assert!(gone.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    drop(gone);
    let again = loop {
        match ask().await {
            Err(problem) if problem.code == "in_progress" => tokio::task::yield_now().await,
            other => break other.unwrap(),
        }
    };
    assert!(!again.answer.lease.is_empty());
    assert_eq!(actions(&test, "activation.activate").await, 1);
}
