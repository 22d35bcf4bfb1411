use std::time::Duration;

use super::*;

const SETTINGS: config::Limits = config::Limits {
    address_per_minute: 10,
    unknown_keys_per_minute: 3,
    activation_per_minute: 4,
    license_per_minute: 6,
    streams_per_activation: 4,
    streams_per_license: 0,
};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn holder(n: u128, contacts_per_minute: Option<u32>) -> Holder {
    Holder {
        license_id: Uuid::from_u128(n),
        activation_id: Uuid::from_u128(100 + n),
        contacts_per_minute,
    }
}

/// How many requests in a row pass.
fn passed(limits: &Limits, from: &str, shown: Option<Credential<'_>>, now: Instant) -> usize {
    (0..100).take_while(|_| limits.enter(address(from), shown, now).is_ok()).count()
}

#[test]
fn m10_an_address_has_a_minutes_worth_and_it_comes_back_evenly() {
    let (limits, now) = (Limits::new(SETTINGS), Instant::now());
    assert_eq!(passed(&limits, "192.0.2.1", None, now), 10);
    assert_eq!(limits.enter(address("192.0.2.1"), None, now), Err(Limited(6)));
    assert_eq!(passed(&limits, "192.0.2.2", None, now), 10, "another address");
    assert_eq!(passed(&limits, "192.0.2.1", None, now + Duration::from_secs(12)), 2);
    assert_eq!(passed(&limits, "192.0.2.1", None, now + Duration::from_secs(600)), 10);
}

#[test]
fn an_ipv6_network_is_one_address_and_a_mapped_ipv4_is_itself() {
    let (limits, now) = (Limits::new(SETTINGS), Instant::now());
    assert_eq!(passed(&limits, "2001:db8::1", None, now), 10);
    assert_eq!(passed(&limits, "2001:db8::ffff:2", None, now), 0);
    assert_eq!(passed(&limits, "2001:db8:0:1::1", None, now), 10);
    assert_eq!(passed(&limits, "::ffff:192.0.2.1", None, now), 10);
    assert_eq!(passed(&limits, "192.0.2.1", None, now), 0);
}

#[test]
fn m10_unknown_keys_are_limited_more_closely_and_good_ones_are_not_locked_out_by_them() {
    let (limits, now) = (Limits::new(SETTINGS), Instant::now());
    let (here, good, other) =
        (address("192.0.2.1"), Credential::Key("good"), Credential::Key("other"));
    limits.good(here, good, holder(1, None));
    for _ in 0..3 {
        assert_eq!(limits.enter(here, Some(other), now), Ok(()));
        limits.guessed(here, now);
    }
    assert_eq!(limits.enter(here, Some(other), now), Err(Limited(20)));
    assert_eq!(limits.enter(here, Some(good), now), Ok(()), "known from here");
    // Elsewhere the same key is a guess like any other.
    let there = address("192.0.2.9");
    (0..3).for_each(|_| limits.guessed(there, now));
    assert!(limits.enter(there, Some(good), now).is_err());
    // A token is no guess.
    assert_eq!(limits.enter(here, Some(Credential::Token("t")), now), Ok(()));
    let later = now + Duration::from_secs(20);
    assert_eq!(limits.enter(here, Some(other), later), Ok(()));
}

#[test]
fn debt_ends() {
    let (limits, now) = (Limits::new(SETTINGS), Instant::now());
    let here = address("192.0.2.1");
    (0..1_000).for_each(|_| limits.guessed(here, now));
    let guess = Some(Credential::Key("k"));
    assert!(limits.enter(here, guess, now + Duration::from_secs(60)).is_err());
    assert_eq!(limits.enter(here, guess, now + Duration::from_secs(80)), Ok(()));
}

#[test]
fn m10_a_known_product_is_limited_by_activation_and_plan_never_by_its_address() {
    let (limits, now) = (Limits::new(SETTINGS), Instant::now());
    let here = address("192.0.2.1");
    assert_eq!(passed(&limits, "192.0.2.1", None, now), 10, "a neighbour empties the address");
    limits.good(here, Credential::Token("a"), holder(1, None));
    assert_eq!(passed(&limits, "192.0.2.1", Some(Credential::Token("a")), now), 4, "activation");
    limits.good(
        here,
        Credential::Token("b"),
        Holder { activation_id: Uuid::nil(), ..holder(1, None) },
    );
    assert_eq!(passed(&limits, "192.0.2.1", Some(Credential::Token("b")), now), 2, "licence");
    limits.good(here, Credential::Key("c"), holder(2, Some(50)));
    assert_eq!(passed(&limits, "192.0.2.1", Some(Credential::Key("c")), now), 50, "its plan");
}

#[test]
fn zero_is_no_limit() {
    let none = config::Limits {
        address_per_minute: 0,
        unknown_keys_per_minute: 0,
        activation_per_minute: 0,
        license_per_minute: 0,
        streams_per_activation: 0,
        streams_per_license: 0,
    };
    let (limits, now) = (Limits::new(none), Instant::now());
    (0..100).for_each(|_| limits.guessed(address("192.0.2.1"), now));
    assert_eq!(passed(&limits, "192.0.2.1", Some(Credential::Key("k")), now), 100);
}

#[test]
fn memory_is_bounded_and_a_full_table_forgets_the_full_buckets_first() {
    let buckets = Buckets::new(100);
    for key in 0..10_000 {
        assert_eq!(buckets.take(key, 60, 0), Ok(()));
    }
    let (empty, later) = (1, 10_000_000);
    assert!((0..60).all(|_| buckets.take(empty, 60, later).is_ok()));
    assert!(buckets.take(empty, 60, later).is_err());
    // All but this one have been full since the first second.
    (20_000..20_090).for_each(|key| assert_eq!(buckets.take(key, 60, later), Ok(())));
    assert!(buckets.take(empty, 60, later).is_err());
}
