//! Keys of every scheme through the one call that checks them.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use licentia_license::decide::{Circumstances, decide};
use licentia_license::keyset::{KeyEntry, KeyState, Keyset, Purpose};
use licentia_license::scheme::{Profile, Rules, Scheme, check, decode, short};
use licentia_license::{Invalid, License, Trust, Verified};
use serde_json::{Value, json};

use support::{Key, UUID, caio_payload, license, rules, v1_key};

const NOW: i64 = 1_900_000_000;

fn verdict(key: &str, signer: &Key, rules: &Rules) -> Result<Verified<License>, Invalid> {
    check(key, &signer.trust(), rules, NOW)
}

fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = serde_json::to_value(license()).unwrap();
    change(&mut claims);
    claims
}

#[test]
fn a_licence_says_the_same_as_jwt_and_as_v2_under_either_algorithm() {
    for signer in [Key::ed25519(1), Key::rsa()] {
        for key in [signer.document(&license()), signer.v2("CAIO", "acme-eu-west", &claims(|_| {}))]
        {
            let verified = verdict(&key, &signer, &rules("caio", None)).unwrap();
            assert_eq!(*verified, license());
            assert_eq!((verified.token(), verified.kid()), (&*key, signer.public().kid()));
            assert!(key.ends_with(&format!(".{}", verified.signature())));
            assert_eq!(decide(&verified, &Circumstances::at(NOW).product("caio")), Ok(()));
            assert!(verdict(&key, &Key::ed25519(2), &rules("caio", None)).is_err());
        }
    }
}

#[test]
fn a_v2_key_is_changed_in_no_part() {
    let signer = Key::ed25519(1);
    let key = signer.v2("CAIO", "acme-eu-west", &claims(|_| {}));
    let caio = rules("caio", None);
    for (from, to, code) in [
        ("acme-eu-west", "acme-eu-east", "bad_signature"),
        ("acme-eu-west", "acme-eu", "bad_signature"),
        ("CAIO", "TMWS", "wrong_product"),
        ("CAIO-v2", "CAIO-v3", "malformed"),
        ("-v2-", "-v2--", "bad_signature"),
        (".", "..", "malformed"),
        (".", "", "malformed"),
        (".", ".A", "bad_signature"),
    ] {
        let changed = key.replacen(from, to, 1);
        assert_eq!(verdict(&changed, &signer, &caio).unwrap_err().code(), code, "{to}");
    }
}

#[test]
fn a_v2_payload_may_name_its_key() {
    let (signer, other) = (Key::ed25519(1), Key::ed25519(2));
    let trust = Trust::new(vec![other.public(), signer.public()]);
    let rules = rules("caio", None);
    let key = |kid: &str| signer.v2("CAIO", "acme-eu-west", &claims(|c| c["kid"] = json!(kid)));
    assert!(check(&key(signer.public().kid()), &trust, &rules, NOW).is_ok());
    assert_eq!(check(&key(other.public().kid()), &trust, &rules, NOW), Err(Invalid::BadSignature));
    assert_eq!(check(&key("nobody"), &trust, &rules, NOW), Err(Invalid::UnknownKey));
    let key = signer.v2("CAIO", "acme-eu-west", &claims(|_| {}));
    assert!(check(&key, &trust, &rules, NOW).is_ok());
}

#[test]
fn a_v2_key_answers_to_the_keyset() {
    let (root, online) = (Key::ed25519(1), Key::ed25519(2));
    let key = online.v2("CAIO", "acme-eu-west", &claims(|_| {}));
    for (purposes, state, not_after, code) in [
        (vec![Purpose::License], KeyState::Active, None, "valid"),
        (vec![Purpose::License], KeyState::Previous, Some(1_001), "valid"),
        (vec![Purpose::License], KeyState::Previous, Some(1_000), "unknown_key"),
        (vec![Purpose::Lease], KeyState::Active, None, "bad_signature"),
        (vec![Purpose::License], KeyState::Retired, None, "bad_signature"),
        (vec![Purpose::License], KeyState::Compromised, None, "key_compromised"),
    ] {
        let keys =
            vec![KeyEntry { jwk: online.jwk(), purposes, state, not_before: None, not_after }];
        let keyset = Keyset { iss: "a".into(), iat: 1, exp: None, version: 1, keys };
        let mut trust = root.trust();
        trust.accept_keyset(&root.document(&keyset)).unwrap();
        let verdict = check(&key, &trust, &rules("caio", None), NOW);
        assert_eq!(verdict.map_or_else(|e| e.code(), |_| "valid"), code, "{state:?}");
    }
}

#[test]
fn a_caio_key_verifies_under_its_profile_and_not_without() {
    for signer in [Key::ed25519(1), Key::rsa()] {
        let key = signer.v2("CAIO", "acme-eu-west", &caio_payload());
        let license = verdict(&key, &signer, &rules("caio", Some(Profile::Caio))).unwrap();
        assert_eq!((license.aud.as_str(), license.exp), ("caio", Some(2_000_000_000)));
        assert_eq!((license.tier.as_str(), license.plan.as_str()), ("PRO", "pro"));
        assert_eq!((license.seats, license.nodes), (Some(3), Some(4)));
        assert_eq!(license.features, ["reports"]);
        assert_eq!(license.limits, support::license().limits);
        assert_eq!(license.customer.as_ref().map(|c| c.id.as_str()), Some("acme-eu-west"));
        assert_eq!(license.sub.len(), 36);
        assert_eq!(decide(&license, &Circumstances::at(1_999_999_999)), Ok(()));
        let expired = decide(&license, &Circumstances::at(2_000_000_000));
        assert_eq!(expired, Err(Invalid::Expired { at: 2_000_000_000 }));

        for rules in [rules("caio", None), rules("caio", Some(Profile::Volcanic))] {
            assert_eq!(verdict(&key, &signer, &rules), Err(Invalid::BadSignature));
        }
    }
}

#[test]
fn a_caio_key_is_read_as_python_writes_it() {
    let signer = Key::ed25519(1);
    // 43 bytes and 64 bytes: two characters of padding each.
    let payload = r#"{"customer_id": "acme", "expires_at": null}"#;
    let key = licentia_license::scheme::v2::compose(
        "CAIO",
        "acme",
        payload.as_bytes(),
        &signer.sign(payload.as_bytes()),
    )
    .unwrap();
    let padded = format!("{}==", key.replacen('.', "==.", 1));
    let caio = rules("caio", Some(Profile::Caio));
    let license = verdict(&padded, &signer, &caio).unwrap();
    assert_eq!((license.exp, license.has_feature("from-plan")), (None, true));
    assert!(verdict(&padded.replacen("==.", "=.", 1), &signer, &caio).is_err());
    assert!(verdict(&format!("{padded}="), &signer, &caio).is_err());
    // Current keys go on beside the old ones, also where they name the customer twice.
    let twice = claims(|c| c["customer_id"] = json!("somebody-else"));
    let key = signer.v2("CAIO", "acme-eu-west", &twice);
    assert_eq!(*verdict(&key, &signer, &caio).unwrap(), support::license());
    let current = signer.v2("CAIO", "acme-eu-west", &claims(|_| {}));
    assert_eq!(*verdict(&current, &signer, &caio).unwrap(), support::license());
}

#[test]
fn a_volcanic_token_verifies_under_its_profile_and_not_without() {
    let signer = Key::rsa();
    let volcanic = rules("pixels", Some(Profile::Volcanic));
    let license = verdict(&signer.volcanic(), &signer, &volcanic).unwrap();
    assert_eq!((license.aud.as_str(), license.tier.as_str()), ("pixels", "PRO"));
    assert_eq!((license.jti.as_str(), license.exp), ("daS7y8sioiecYy", Some(2_000_000_000)));
    assert_eq!(license.attributes["chargeId"], "ch_1");
    assert_eq!(license.customer.as_ref().and_then(|c| c.email.as_deref()), Some("ada@example.com"));
    assert!(license.has_feature("from-plan"));
    for rules in [rules("pixels", None), rules("pixels", Some(Profile::Caio))] {
        assert_eq!(verdict(&signer.volcanic(), &signer, &rules).unwrap_err().code(), "malformed");
    }
    for (typ, passes) in
        [("JWT", true), ("anything", true), ("lease+jwt", false), ("application/Lease+JWT", false)]
    {
        let token = signer.jws(&json!({ "alg": "RS256", "typ": typ }), &json!({ "iat": 1 }));
        assert_eq!(verdict(&token, &signer, &volcanic).is_ok(), passes, "{typ}");
    }
    // A registry token under the same key is no licence.
    let access = json!({ "iat": 1, "access": [{ "type": "repository", "name": "app" }] });
    let token = signer.jws(&json!({ "alg": "RS256", "typ": "JWT" }), &access);
    assert_eq!(verdict(&token, &signer, &volcanic).unwrap_err().code(), "malformed");
    // RS256 and nothing else.
    let other = Key::ed25519(1);
    let token = other.jws(&json!({ "alg": "EdDSA" }), &json!({ "iat": 1 }));
    assert_eq!(verdict(&token, &other, &volcanic), Err(Invalid::BadSignature));
    // Current licences go on beside the old ones.
    assert!(verdict(&signer.document(&support::license()), &signer, &volcanic).is_ok());
}

#[test]
fn a_scheme_that_is_switched_off_is_refused_from_its_day_on() {
    let signer = Key::ed25519(1);
    let short = short::make("CAIO", &[9; 12]).unwrap().to_string();
    for (key, scheme, on) in [
        (signer.document(&license()), Scheme::Jwt, "valid"),
        (signer.v2("CAIO", "acme-eu-west", &claims(|_| {})), Scheme::V2, "valid"),
        (v1_key(), Scheme::V1, "wrong_product"),
        (short, Scheme::Short, "unrecognized"),
        ("BZZZ-2025-ABC123-XYZ".to_owned(), Scheme::Opaque, "unrecognized"),
    ] {
        let off = |from| rules("caio", None).off(scheme, from);
        for (rules, code) in [
            (rules("caio", None), on),
            (off(Some(NOW + 1)), on),
            (off(Some(NOW)), "scheme_disabled"),
            (off(None), "scheme_disabled"),
        ] {
            let verdict = verdict(&key, &signer, &rules);
            assert_eq!(verdict.map_or_else(|e| e.code(), |_| "valid"), code, "{scheme}");
        }
    }
}

#[test]
fn every_scheme_can_be_decoded_without_being_checked() {
    let signer = Key::ed25519(1);
    let short = short::make("CAIO", &[9; 12]).unwrap().to_string();
    let jwt = decode(&signer.document(&license())).unwrap();
    assert_eq!((jwt.scheme, jwt.header.unwrap()["typ"].as_str()), ("jwt", Some("license+jwt")));
    for payload in [claims(|_| {}), caio_payload(), json!({ "customer": 1 })] {
        let v2 = decode(&signer.v2("CAIO", "acme-eu-west", &payload)).unwrap();
        assert_eq!((v2.scheme, v2.claims), ("v2", Some(payload)));
        assert_eq!(v2.parts["customer"], "acme-eu-west");
    }
    let v1 = decode(&v1_key()).unwrap();
    let parts: Vec<_> = v1.parts.into_iter().collect();
    let expected = [("expiry", "20330517"), ("id", UUID), ("prefix", "TMWS"), ("tier", "PRO")];
    assert_eq!(parts, expected.map(|(name, part)| (name, part.to_owned())));
    assert_eq!(decode(&short).unwrap().parts["prefix"], "CAIO");
    assert_eq!(decode("BZZZ-2025-ABC123-XYZ").unwrap().scheme, "opaque");
    assert_eq!(decode("x").unwrap_err().code(), "malformed");
}
