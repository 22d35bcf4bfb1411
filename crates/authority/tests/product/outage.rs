//! Decision 3: an outage of the authority costs nobody a seat.

use licentia_protocol::activate::Request;
use licentia_testing::TestAuthority;

use crate::support::{activate, audited, beat, code, heartbeat, lease, request, with};

const GRACE: i64 = 3_600;

#[tokio::test]
async fn decision_3_seats_whose_leases_ran_out_in_an_outage_are_kept_as_long_as_it_lasted() {
    let (test, key) = with("grace = \"1h\"").await;
    test.authority.mark_alive().await.unwrap();
    let one = activate(&test.authority, request(&key, "c1")).await.unwrap();
    activate(&test.authority, request(&key, "c2")).await.unwrap();
    // Away for an hour and a half; both leases ran out meanwhile.
    let away = GRACE + 1_800;
    test.clock.advance(away);
    test.authority.mark_alive().await.unwrap();
    assert_eq!(code(activate(&test.authority, request(&key, "c3")).await), "no_free_seat");
    // The holder is back, with another lease than the one that ended.
    let lease_before = lease(&test.authority, &one.lease).exp;
    let back = Request { generation: Some(1), ..request(&key, "c1") };
    let back = activate(&test.authority, back).await.unwrap();
    assert!(lease(&test.authority, &back.lease).exp > lease_before);
    // At most one grace, counted from the end: then the seat that nobody came back for is free.
    alive_for(&test, GRACE - 1).await;
    let again = Request { generation: Some(2), ..request(&key, "c1") };
    activate(&test.authority, again).await.unwrap();
    assert_eq!(code(activate(&test.authority, request(&key, "c3")).await), "no_free_seat");
    alive_for(&test, 1).await;
    activate(&test.authority, request(&key, "c3")).await.unwrap();
    let rows = audited(&test, "authority.outage");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

/// Time in which the authority leaves its marks.
async fn alive_for(test: &TestAuthority, mut seconds: i64) {
    while seconds > 0 {
        let step = seconds.min(45);
        test.clock.advance(step);
        test.authority.mark_alive().await.unwrap();
        seconds -= step;
    }
}

#[tokio::test]
async fn decision_3_without_an_outage_a_lease_that_ran_out_is_a_free_seat() {
    let (test, key) = with("grace = \"1h\"").await;
    test.authority.mark_alive().await.unwrap();
    for cluster in ["c1", "c2"] {
        activate(&test.authority, request(&key, cluster)).await.unwrap();
    }
    alive_for(&test, GRACE).await;
    activate(&test.authority, request(&key, "c3")).await.unwrap();
    assert_eq!(audited(&test, "authority.outage"), [] as [String; 0]);
}

#[tokio::test]
async fn decision_3_who_comes_before_the_next_mark_finds_the_seats_as_they_were() {
    let (test, key) = with("heartbeat = \"1m\"\ngrace = \"2m\"").await;
    test.authority.mark_alive().await.unwrap();
    let one = activate(&test.authority, request(&key, "c1")).await.unwrap();
    activate(&test.authority, request(&key, "c2")).await.unwrap();
    // The database was away for ten minutes; the process lived.
    test.clock.advance(600);
    assert_eq!(code(activate(&test.authority, request(&key, "c3")).await), "no_free_seat");
    // A heartbeat goes on as if nothing had been.
    heartbeat(&test.authority, beat(&one, 1)).await.unwrap();
    alive_for(&test, 120).await;
    activate(&test.authority, request(&key, "c3")).await.unwrap();
}

#[tokio::test]
async fn decision_3_a_stranger_does_not_take_over_a_kept_seat_more_easily() {
    let (test, key) = with("takeovers_per_day = 0\ngrace = \"1h\"").await;
    test.authority.mark_alive().await.unwrap();
    let holder = Request { fingerprint: Some("m1".into()), ..request(&key, "c1") };
    activate(&test.authority, holder).await.unwrap();
    test.clock.advance(7_200);
    test.authority.mark_alive().await.unwrap();
    let stranger = Request { fingerprint: Some("m2".into()), ..request(&key, "c1") };
    assert_eq!(code(activate(&test.authority, stranger).await), "cluster_in_use");
}

#[tokio::test]
async fn decision_3_a_clock_that_goes_backwards_is_no_outage() {
    let (test, _) = with("").await;
    for step in [0, -3_600, 10] {
        test.clock.advance(step);
        test.authority.mark_alive().await.unwrap();
    }
    assert_eq!(audited(&test, "authority.outage"), [] as [String; 0]);
}
