//! The rules of seats, leases and generations, by the number of their decision.

use licentia_license::lease::Standing;
use licentia_license::refusal::Refusal;
use licentia_license::verify::verify;
use licentia_protocol::activate::Request;
use licentia_protocol::heartbeat;
use licentia_testing::{START, actor};

use crate::support::{activate, audited, beat, code, heartbeat, lease, request, with};

#[tokio::test]
async fn decision_2_a_lease_ends_after_the_grace_and_never_after_the_licence() {
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    let first = lease(&test.authority, &answer.lease);
    assert_eq!((first.iat, first.exp), (START, START + 86_400));
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
    let id = license.await.unwrap().items[0].id;
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

#[tokio::test]
async fn decision_1_a_cluster_that_grew_too_large_is_refused_and_keeps_its_seat_to_the_end_of_its_lease()
 {
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    activate(&test.authority, request(&key, "c2")).await.unwrap();
    let more = heartbeat::Request { nodes: Some(11), ..beat(&answer, 1) };
    assert_eq!(code(heartbeat(&test.authority, more).await), "too_many_nodes");
    assert_eq!(code(activate(&test.authority, request(&key, "c3")).await), "no_free_seat");
    let fewer = heartbeat::Request { nodes: Some(10), ..beat(&answer, 1) };
    heartbeat(&test.authority, fewer).await.unwrap();
}

#[tokio::test]
async fn decision_2_the_overlap_of_a_reclaimed_seat_is_counted_and_shown() {
    let (test, key) = with("reclaim_after = \"20m\"").await;
    for cluster in ["c1", "c2"] {
        activate(&test.authority, request(&key, cluster)).await.unwrap();
    }
    let overlapping = || async {
        let list = test.authority.list_activations(None, 10).await.unwrap();
        list.into_iter().filter(|a| a.overlapping).map(|a| a.cluster_id).collect::<Vec<_>>()
    };
    assert_eq!(overlapping().await, [] as [String; 0]);
    test.clock.advance(1_200);
    activate(&test.authority, request(&key, "c3")).await.unwrap();
    assert_eq!(overlapping().await.len(), 2);
    let rows = audited(&test, "activation.activate");
    assert_eq!(rows.iter().filter(|row| row.contains("\"overlap\":1")).count(), 1, "{rows:?}");
    activate(&test.authority, request(&key, "c4")).await.unwrap();
    let rows = audited(&test, "activation.activate");
    assert_eq!(rows.iter().filter(|row| row.contains("\"overlap\":2")).count(), 1, "{rows:?}");
    test.clock.advance(86_400);
    assert_eq!(overlapping().await, [] as [String; 0], "their leases have ended");
}

#[tokio::test]
async fn decision_2_a_released_seat_is_free_at_once_and_its_holder_is_stale() {
    let (test, key) = with("on_clone = \"suspend\"").await;
    let first = activate(&test.authority, request(&key, "c1")).await.unwrap();
    activate(&test.authority, request(&key, "c2")).await.unwrap();
    let asked = beat(&first, 1);
    heartbeat(&test.authority, asked.clone()).await.unwrap();
    let released = test.authority.release(first.activation_id, actor()).await.unwrap();
    assert!(!released.live && released.lease_until.is_none());
    test.authority.release(first.activation_id, actor()).await.unwrap();
    assert_eq!(audited(&test, "activation.release").len(), 1);
    activate(&test.authority, request(&key, "c3")).await.unwrap();
    // Neither going on nor asking again for the last answer helps, and neither is taken for a copy.
    assert_eq!(code(heartbeat(&test.authority, asked).await), "stale_generation");
    assert_eq!(code(heartbeat(&test.authority, beat(&first, 2)).await), "stale_generation");
    assert_eq!(audited(&test, "activation.clone_detected"), [] as [String; 0]);
    let again = Request { generation: Some(2), ..request(&key, "c1") };
    assert_eq!(code(activate(&test.authority, again).await), "no_free_seat");
}

#[tokio::test]
async fn decision_2_overage_is_told_in_answer_advice_and_audit() {
    use licentia_protocol::heartbeat::AdviceKind;
    let (test, key) = with("overage = 1").await;
    let mut last = None;
    for cluster in ["c1", "c2", "c3"] {
        last = Some(activate(&test.authority, request(&key, cluster)).await.unwrap());
    }
    let answer = heartbeat(&test.authority, beat(&last.unwrap(), 1)).await.unwrap();
    assert_eq!(lease(&test.authority, &answer.lease).standing, Standing::Overage);
    let advice = &answer.advice[0];
    assert_eq!((advice.kind, advice.used, advice.limit), (AdviceKind::SeatOverage, 3, 2));
    let rows = audited(&test, "activation.activate");
    assert_eq!(rows.iter().filter(|row| row.contains("\"overage\":true")).count(), 1);
    assert_eq!(
        test.authority
            .list_activations(None, 10)
            .await
            .unwrap()
            .iter()
            .filter(|a| a.overage)
            .count(),
        1
    );
}

#[tokio::test]
async fn decision_5_a_pod_that_loses_its_disk_a_hundred_times_is_never_locked_out() {
    for on_clone in ["warn", "reactivate", "suspend"] {
        let (test, key) = with(&format!("takeovers_per_day = 3\non_clone = \"{on_clone}\"")).await;
        for _ in 0..100 {
            let pod = Request { fingerprint: Some("node-7".into()), ..request(&key, "c1") };
            let answer = activate(&test.authority, pod).await.unwrap();
            let generation = lease(&test.authority, &answer.lease).generation;
            heartbeat(&test.authority, beat(&answer, generation)).await.unwrap();
        }
        assert_eq!(audited(&test, "activation.clone_detected"), [] as [String; 0], "{on_clone}");
    }
}

#[tokio::test]
async fn decision_6_two_copies_are_noticed_within_two_heartbeats_and_the_plan_says_what_then() {
    for (on_clone, copy, holder) in [
        ("warn", "stale_generation", "granted"),
        ("reactivate", "stale_generation", "granted"),
        ("suspend", "suspended", "suspended"),
    ] {
        let (test, key) = with(&format!("on_clone = \"{on_clone}\"")).await;
        let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
        heartbeat(&test.authority, beat(&answer, 1)).await.unwrap();
        // The copy was made before that heartbeat.
        assert_eq!(code(heartbeat(&test.authority, beat(&answer, 1)).await), copy, "{on_clone}");
        assert_eq!(audited(&test, "activation.clone_detected").len(), 1, "{on_clone}");
        assert_eq!(code(heartbeat(&test.authority, beat(&answer, 2)).await), holder, "{on_clone}");
    }
}

#[tokio::test]
async fn decision_9_a_suspended_or_revoked_licence_still_gives_its_seat_back() {
    use licentia_protocol::deactivate::Request as Back;
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    let id = lease(&test.authority, &answer.lease).sub.parse().unwrap();
    test.authority.suspend(id, None, actor()).await.unwrap();
    test.authority.cancel(id, None, actor()).await.unwrap();
    test.authority.revoke(id, None, 0, actor()).await.unwrap();
    let back = Back { access_token: Some(answer.access_token), ..Back::default() };
    test.authority.deactivate(back, "192.0.2.1".into()).await.map_err(Box::new).unwrap();
    assert!(!test.authority.list_activations(None, 1).await.unwrap()[0].live);
}
