//! Hostile tokens and signatures from `spec/vectors`, with every count asserted.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use licentia_license::decide::{Circumstances, decide};
use licentia_license::key::PublicKey;
use licentia_license::scheme::{Rules, check};
use licentia_license::verify::verify;
use licentia_license::{License, Trust};
use serde_json::Value;

/// What becomes of each token of `jwt-attacks`, by code. Where this is not what the file expects:
///
/// - 3 has `exp` 30 s ago, which the file leaves to policy: `exp` has no leeway here.
/// - 101 names another issuer. Trust comes from the keys that a build embeds, whoever they call themselves.
const VERDICTS: &[(&str, &[u64])] = &[
    ("valid", &[1, 2, 101]),
    ("bad_signature", &[4, 18, 23, 26, 28, 29, 30, 33, 111, 114, 115, 121]),
    ("expired", &[3, 85, 86]),
    (
        "malformed",
        &[
            11, 12, 13, 38, 67, 69, 70, 71, 72, 73, 74, 75, 76, 79, 80, 82, 87, 89, 91, 100, 105,
            106, 118, 119, 127, 128, 129, 131, 132, 133,
        ],
    ),
    ("not_yet_valid", &[95]),
    ("unknown_key", &[43, 44, 45, 46, 51, 54, 55, 56, 57, 58, 59, 61, 62, 63, 66]),
    ("unrecognized", &[126]),
    ("wrong_product", &[96]),
];

/// Tokens that the file expects otherwise.
const DEVIATIONS: &[u64] = &[101];

fn vectors(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors").join(file))
        .unwrap()
}

fn json(file: &str) -> Value {
    serde_json::from_str(&vectors(file)).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_hostile_token_is_refused_for_the_right_reason() {
    let file = json("jwt-attacks/attacks.json");
    let trust = Trust::from_text(&file["jwks"].to_string()).unwrap();
    let at = Circumstances::at(file["now"].as_i64().unwrap())
        .product(file["policy"]["aud"].as_str().unwrap());

    let mut verdicts: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut deviations = Vec::new();
    for test in file["tests"].as_array().unwrap() {
        let token = test["token"].as_str().unwrap();
        let verdict = verify::<License>(token, &trust).and_then(|l| decide(&l, &at));
        let by_any_scheme =
            check(token, &trust, &Rules::new(), at.now).and_then(|l| decide(&l, &at));
        let code = verdict.map_or_else(|invalid| invalid.code(), |()| "valid");
        let same = by_any_scheme.map_or_else(|invalid| invalid.code(), |()| "valid");
        // The shape is judged first there, so white space and a fourth part are malformed at once.
        assert!(same == code || (same == "malformed" && code != "valid"), "{token}: {same}");
        let id = test["id"].as_u64().unwrap();
        verdicts.entry(code).or_default().push(id);
        match test["expect"].as_str().unwrap() {
            "policy" => {}
            expect if (expect == "accept") == (code == "valid") => {}
            _ => deviations.push(id),
        }
    }
    let expected: BTreeMap<&str, Vec<u64>> =
        VERDICTS.iter().map(|(code, ids)| (*code, ids.to_vec())).collect();
    assert_eq!(verdicts, expected);
    assert_eq!(deviations, DEVIATIONS);
    assert_eq!(verdicts.values().map(Vec::len).sum::<usize>(), 66);
}

#[test]
fn of_the_signatures_that_verifiers_disagree_about_exactly_43_pass() {
    let accepted: Vec<u64> = json("cctv-ed25519/ed25519vectors.json")
        .as_array()
        .unwrap()
        .iter()
        .inspect(|case| assert!(case["key"].is_string() && case["sig"].is_string()))
        .filter(|case| {
            let key = bytes(case["key"].as_str().unwrap()).try_into().unwrap();
            // A weak key is refused when it is loaded.
            PublicKey::from_ed25519_bytes(&key).is_ok_and(|key| {
                let message = case["msg"].as_str().unwrap().as_bytes();
                key.is_signature_of(message, &bytes(case["sig"].as_str().unwrap()))
            })
        })
        .map(|case| case["number"].as_u64().unwrap())
        .collect();
    let expected = json("cctv-ed25519/expected_verify_strict.json");
    assert_eq!(Value::from(accepted.clone()), expected["accepted_numbers"]);
    assert_eq!(accepted.len(), 43);
}

#[test]
fn the_signatures_of_rfc_8032_pass_and_none_does_with_a_bit_changed() {
    let text = vectors("rfc8032/TESTVECTORS");
    let mut count = 0;
    for line in text.lines() {
        let [_, key, message, signed] = line.split(':').collect::<Vec<_>>()[..4] else {
            panic!("{line}")
        };
        let key = PublicKey::from_ed25519_bytes(&bytes(key).try_into().unwrap()).unwrap();
        let (message, mut signature) = (bytes(message), bytes(signed));
        signature.truncate(64);
        assert!(key.is_signature_of(&message, &signature), "{line}");
        for bit in 0..512 {
            signature[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.is_signature_of(&message, &signature), "bit {bit} of {line}");
            signature[bit / 8] ^= 1 << (bit % 8);
        }
        count += 1;
    }
    assert_eq!(count, 128);
}

/// Accepted signatures, refused ones, and those that the file leaves open and we accept, of a Wycheproof file.
fn wycheproof(file: &str, key: impl Fn(&Value) -> PublicKey) -> [usize; 3] {
    let file = json(&format!("wycheproof/{file}_test.json"));
    let mut counts = [0; 3];
    for group in file["testGroups"].as_array().unwrap() {
        let key = key(group);
        for test in group["tests"].as_array().unwrap() {
            let message = bytes(test["msg"].as_str().unwrap());
            let passes = key.is_signature_of(&message, &bytes(test["sig"].as_str().unwrap()));
            let expected = test["result"].as_str().unwrap();
            assert!(expected == "acceptable" || passes == (expected == "valid"), "{test}");
            counts[match (expected, passes) {
                (_, false) => 1,
                ("acceptable", true) => 2,
                (_, true) => 0,
            }] += 1;
        }
    }
    counts
}

#[test]
fn wycheproof_ed25519_without_a_deviation() {
    let key = |group: &Value| {
        let jwk = serde_json::from_value(group["publicKeyJwk"].clone()).unwrap();
        PublicKey::from_jwk(&jwk).unwrap()
    };
    assert_eq!(wycheproof("ed25519", key), [88, 63, 0]);
}

#[test]
fn wycheproof_rsa_without_a_deviation() {
    let key = |group: &Value| PublicKey::from_pem(group["publicKeyPem"].as_str().unwrap()).unwrap();
    for (bits, counts) in [(2048, [9, 250, 0]), (3072, [8, 251, 0]), (4096, [7, 251, 0])] {
        assert_eq!(wycheproof(&format!("rsa_signature_{bits}_sha256"), key), counts, "{bits}");
    }
}
