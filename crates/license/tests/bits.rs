//! Keys changed by one bit, and keys made of anything: none passes that was not issued.
//!
//! `LICENTIA_ROUNDS` sets the number of changes; 100,000 if not given, a million in the soak.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use licentia_license::scheme::{Profile, Rules, Scheme, check, decode, scheme_of, short, v1};
use licentia_license::verify::verify;
use licentia_license::{License, Trust};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::json;

use support::{Key, caio_payload, license, rules, v1_key};

const NOW: i64 = 1_900_000_000;

#[expect(clippy::disallowed_methods, reason = "the soak tells the test itself")]
fn rounds() -> usize {
    std::env::var("LICENTIA_ROUNDS").map_or(100_000, |rounds| rounds.parse().unwrap())
}

/// Every signed scheme under each algorithm, with the rules under which it passes.
fn keys() -> Vec<(String, Trust, Rules)> {
    let mut keys = vec![(v1_key(), Trust::default(), rules("tmws", None))];
    let claims = serde_json::to_value(license()).unwrap();
    for signer in [Key::ed25519(1), Key::rsa()] {
        for (key, profile) in [
            (signer.document(&license()), None),
            (signer.v2("CAIO", "acme-eu-west", &claims), None),
            (signer.v2("CAIO", "acme-eu-west", &caio_payload()), Some(Profile::Caio)),
        ] {
            keys.push((key, signer.trust(), rules("caio", profile)));
        }
    }
    let signer = Key::rsa();
    keys.push((signer.volcanic(), signer.trust(), rules("pixels", Some(Profile::Volcanic))));
    keys
}

#[test]
fn no_key_with_one_bit_changed_passes() {
    let keys = keys();
    for (key, trust, rules) in &keys {
        check(key, trust, rules, NOW).unwrap();
    }
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let (mut tried, mut passed) = (0, 0);
    for round in 0..rounds() {
        let (key, trust, rules) = &keys[round % keys.len()];
        let mut bytes = key.clone().into_bytes();
        let bit = usize::try_from(random.next_u32()).unwrap() % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        // What is no text cannot even be presented.
        let Ok(changed) = std::str::from_utf8(&bytes) else { continue };
        tried += 1;
        passed += usize::from(check(changed, trust, rules, NOW).is_ok());
    }
    assert_eq!(passed, 0);
    assert!(tried > rounds() * 4 / 5, "{tried}");
}

#[test]
fn no_short_key_with_one_bit_changed_is_another_one() {
    let key = short::make("BZZZ", &[0xa5; 12]).unwrap();
    let text = key.to_string();
    for bit in "BZZZ-".len() * 8..text.len() * 8 {
        let mut bytes = text.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(changed) = std::str::from_utf8(&bytes) else { continue };
        // The other case of a letter is the same key.
        assert!(short::parse(changed).map_or(true, |other| other == key), "{changed}");
    }
}

proptest! {
    #[test]
    fn what_is_issued_verifies_and_says_the_same(
        seed: u8,
        customer in "[!-,/-~-]{1,128}",
        prefix in "[A-Z0-9]{1,16}",
        tier in "[A-Za-z0-9_]{1,20}",
        id: u128,
        exp in proptest::option::of(any::<i64>()),
        features in proptest::collection::vec(".{0,20}", 0..5),
        limit in proptest::option::of(any::<u64>()),
    ) {
        let signer = Key::ed25519(seed);
        let mut license = license();
        license.exp = exp;
        license.features = features.into_iter().map(Into::into).collect();
        license.limits.insert("x".into(), limit);
        license.customer.as_mut().unwrap().id = customer.as_str().into();
        let rules = Rules::new().prefix(prefix.clone()).secret(support::SECRET, None).unwrap();
        let trust = signer.trust();

        let jwt = signer.document(&license);
        let verified = check(&jwt, &trust, &rules, NOW).unwrap();
        prop_assert_eq!(verified.claims(), &license);
        let v2 = signer.v2(&prefix, &customer, &json!(license));
        let verified = check(&v2, &trust, &rules, NOW).unwrap();
        prop_assert_eq!(verified.claims(), &license);
        prop_assert_eq!(decode(&v2).unwrap().claims, Some(json!(license)));

        let mut id = format!("{id:032x}");
        [20, 16, 12, 8].into_iter().for_each(|at| id.insert(at, '-'));
        let secret = v1::Secret::new(support::SECRET).unwrap();
        let v1 = v1::make(&secret, &prefix, &tier, &id, "PERPETUAL", None).unwrap();
        let verified = check(&v1, &trust, &rules, NOW).unwrap();
        prop_assert_eq!((verified.sub.as_str(), verified.tier.as_str(), verified.exp), (id.as_str(), tier.as_str(), None));
    }

    #[test]
    fn no_text_panics_and_none_passes(text in "\\PC*") {
        prop_assert!(refused_everywhere(&text));
    }

    #[test]
    fn no_text_of_the_shape_of_a_key_passes(
        text in prop_oneof![
            "[A-Z]{4}-v2-[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,90}=?",
            "eyJ[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{86}",
            "[A-Z]{4}-[A-Z]{3}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-(PERPETUAL|[0-9]{8})-[0-9a-f]{15,17}",
            "[A-Z]{4}(-[0-9A-Z]{5}){4}",
            "[!-~]{1,220}",
        ]
    ) {
        prop_assert!(refused_everywhere(&text));
    }
}

fn refused_everywhere(text: &str) -> bool {
    let (ed25519, rsa) = (Key::ed25519(1), support::rsa_trust());
    let trust = ed25519.trust().join(rsa.clone()).unwrap();
    let scheme = scheme_of(text);
    let _ = decode(text);
    let unsigned = matches!(scheme, Ok(Scheme::Short | Scheme::Opaque) | Err(_));
    [None, Some(Profile::Caio), Some(Profile::Volcanic)].into_iter().all(|profile| {
        let verdict = check(text, &trust, &rules("tmws", profile), NOW);
        match (&scheme, &verdict) {
            (Err(malformed), Err(invalid)) => malformed == invalid,
            (Ok(_), Err(invalid)) => unsigned == (invalid.code() == "unrecognized"),
            (_, Ok(_)) => false,
        }
    }) && verify::<License>(text, &trust).is_err()
}
