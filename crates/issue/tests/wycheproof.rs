//! RS256 is deterministic (RFC 8017 section 8.2.1): the signatures of `spec/vectors/wycheproof` come out byte for byte.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use licentia_issue::{PrivateKey, Signer};
use serde_json::Value;

const FILES: [(&str, &str); 2] = [
    ("2048", include_str!("../../../spec/vectors/wycheproof/rsa_pkcs1_2048_sig_gen_test.json")),
    ("3072", include_str!("../../../spec/vectors/wycheproof/rsa_pkcs1_3072_sig_gen_test.json")),
];

/// Signed, and passed over since their hash is not SHA-256: counted, so that a file that changes is noticed.
const EXPECTED: [(usize, usize); 2] = [(10, 33), (9, 17)];

#[test]
fn signatures_over_sha_256_are_equal_to_the_vectors() {
    for ((name, text), expected) in FILES.iter().zip(EXPECTED) {
        let file: Value = serde_json::from_str(text).unwrap();
        let (mut signed, mut passed_over) = (0, 0);
        for group in file["testGroups"].as_array().unwrap() {
            let tests = group["tests"].as_array().unwrap();
            if group["sha"] != "SHA-256" {
                passed_over += tests.len();
                continue;
            }
            let pkcs1 =
                PrivateKey::from_pem(group["privateKeyPem"].as_str().unwrap(), None).unwrap();
            let pkcs8 = PrivateKey::from_pkcs8(&hex(&group["privateKeyPkcs8"])).unwrap();
            assert_eq!(pkcs1.public_key(), pkcs8.public_key());
            for test in tests {
                let (message, signature) = (hex(&test["msg"]), hex(&test["sig"]));
                for key in [&pkcs1, &pkcs8] {
                    assert_eq!(key.sign(&message).unwrap(), signature, "{name} {}", test["tcId"]);
                    assert!(key.public_key().is_signature_of(&message, &signature));
                }
                signed += 1;
            }
        }
        assert_eq!((signed, passed_over), expected, "{name}");
        assert_eq!(file["numberOfTests"], signed + passed_over, "{name}");
    }
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
