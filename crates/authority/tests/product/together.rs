//! Heartbeats that are kept many in one step: each as if it had come alone.

use licentia_protocol::heartbeat;
use licentia_testing::START;
use tokio::task::JoinSet;

use crate::support::{
    CATALOG, activate, audited, beat, code, heartbeat, lease, request, rows, run, with,
};

#[tokio::test]
async fn each_of_many_is_kept_or_refused_for_itself() {
    let (test, key) = with("takeovers_per_day = 100").await;
    let wide = CATALOG.replace("seats = 2", "seats = 500");
    test.import(&wide).await;
    let key = {
        let _ = key;
        test.issue_key("bzzz").await
    };
    let mut running = JoinSet::new();
    for n in 0..300_u32 {
        let cluster = format!("c{n}");
        let answer = activate(&test.authority, request(&key, &cluster)).await.unwrap();
        let authority = test.authority.clone();
        let asked = match n % 3 {
            0 => beat(&answer, 1),
            1 => heartbeat::Request { access_token: Some("lat_wrong".into()), ..beat(&answer, 1) },
            _ => heartbeat::Request { nodes: Some(11), ..beat(&answer, 1) },
        };
        running.spawn(async move {
            (n, cluster, asked.nonce.clone(), heartbeat(&authority, asked).await)
        });
    }
    while let Some(ended) = running.join_next().await {
        let (n, cluster, nonce, answer) = ended.unwrap();
        match n % 3 {
            0 => {
                let lease = lease(&test.authority, &answer.unwrap().lease);
                assert_eq!((lease.cluster_id, lease.nonce, lease.generation), (cluster, nonce, 2));
            }
            1 => assert_eq!(code(answer), "invalid_token"),
            _ => assert_eq!(code(answer), "too_many_nodes"),
        }
    }
    let kept = rows(&test, "SELECT count(*) FROM seats WHERE generation = 2");
    assert_eq!(kept, ["100"]);
}

#[tokio::test]
async fn of_two_with_one_generation_one_is_kept_and_the_other_is_a_copy() {
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    let (one, other) = tokio::join!(
        heartbeat(&test.authority, beat(&answer, 1)),
        heartbeat(&test.authority, beat(&answer, 1))
    );
    let mut codes = [code(one), code(other)];
    codes.sort();
    assert_eq!(codes, ["granted", "stale_generation"]);
    assert_eq!(audited(&test, "activation.clone_detected").len(), 1);
    assert_eq!(rows(&test, "SELECT generation FROM seats"), ["2"]);
}

#[tokio::test]
async fn a_lost_answer_is_given_again_whichever_way_it_was_given_first() {
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    let asked = beat(&answer, 1);
    let first = heartbeat(&test.authority, asked.clone()).await.unwrap();
    let again = heartbeat(&test.authority, asked).await.unwrap();
    assert_eq!(first.server_nonce, again.server_nonce);
    assert_eq!(lease(&test.authority, &again.lease).generation, 2);
    heartbeat(&test.authority, beat(&answer, 2)).await.unwrap();
}

#[tokio::test]
async fn what_changes_behind_a_kept_judgement_counts_at_once() {
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    heartbeat(&test.authority, beat(&answer, 1)).await.unwrap();

    // A plan with another grace.
    test.import(&CATALOG.replace("grace = \"24h\"", "grace = \"2h\"")).await;
    let kept = heartbeat(&test.authority, beat(&answer, 2)).await.unwrap();
    let until = lease(&test.authority, &kept.lease).exp;
    assert_eq!(until, START + 7_200);

    // A row that another process changed: it changes nothing, and is reported.
    run(&test, "UPDATE licenses SET expires_at = 4070908799");
    let kept = heartbeat(&test.authority, beat(&answer, 3)).await.unwrap();
    assert_eq!(lease(&test.authority, &kept.lease).exp, until);
    assert_eq!(audited(&test, "license.tampered_row").len(), 1);

    // A seat that another process made stale.
    run(&test, "UPDATE seats SET generation = generation + 1, nonce = ''");
    assert_eq!(code(heartbeat(&test.authority, beat(&answer, 4)).await), "stale_generation");

    // A licence that another process suspended.
    let again = activate(&test.authority, request(&key, "c1")).await.unwrap();
    let generation = lease(&test.authority, &again.lease).generation;
    run(&test, "UPDATE licenses SET state = 'suspended', state_at = 1");
    assert_eq!(code(heartbeat(&test.authority, beat(&again, generation)).await), "suspended");
}

#[tokio::test]
async fn the_licence_itself_still_ends_and_so_does_the_token() {
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    // Half a day old: a new token comes with the answer.
    test.clock.advance(43_200);
    let renewed = heartbeat(&test.authority, beat(&answer, 1)).await.unwrap();
    assert!(renewed.access_token.is_some());
    let next = heartbeat::Request { access_token: renewed.access_token, ..beat(&answer, 2) };
    assert!(heartbeat(&test.authority, next.clone()).await.unwrap().access_token.is_none());
    // The licence is valid for 30 days.
    test.clock.advance(30 * 86_400);
    let late = heartbeat::Request { generation: 3, nonce: "another-nonce".into(), ..next };
    let code = code(heartbeat(&test.authority, late).await);
    assert!(["token_expired", "expired"].contains(&code.as_str()), "{code}");
}
