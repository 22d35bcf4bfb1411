//! Test vectors of others for what is not public here: JWS without a `typ`, and v1 tags.
//!
//! Every count is asserted and every case that is judged otherwise than its file says is listed, with why.

use std::fs;
use std::path::Path;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;

use crate::key::{Jwk, PublicKey};
use crate::keyset::Purpose;
use crate::scheme::v1::Secret;
use crate::verify::signer;
use crate::{Invalid, Trust, jws};

fn vectors(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors").join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The tests of a Wycheproof file, each with its group.
fn cases(file: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let groups = file["testGroups"].as_array().unwrap();
    groups.iter().flat_map(|g| g["tests"].as_array().unwrap().iter().map(move |t| (g, t)))
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn public_key(jwk: &Value) -> Option<PublicKey> {
    // Some groups bring the private key only; what makes it private is taken off.
    let mut jwk = jwk.clone();
    jwk.as_object_mut()?.remove("d");
    PublicKey::from_jwk(&serde_json::from_value::<Jwk>(jwk).ok()?).ok()
}

/// The payload of a JWS of any type, by the steps of `verify`.
fn payload(token: &str, key: PublicKey) -> Result<Vec<u8>, Invalid> {
    let trust = Trust::new(vec![key]);
    let compact = jws::Compact::split(token)?;
    let header = compact.header()?;
    let (kid, message) = (header.kid(), compact.signing_input.as_bytes());
    signer(&trust, kid, Purpose::License, message, &compact.signature()?, |key| {
        key.allows(&header.alg)
    })?;
    compact.payload()
}

#[test]
fn wycheproof_json_web_signatures() {
    let file = vectors("wycheproof/json_web_signature_test.json");
    let (mut valid, mut unsupported, mut deviations) = (Vec::new(), 0, Vec::new());
    for (group, test) in cases(&file) {
        let id = test["tcId"].as_u64().unwrap();
        let jwk = if group["public"].is_object() { &group["public"] } else { &group["private"] };
        let passes =
            public_key(jwk).is_some_and(|key| payload(test["jws"].as_str().unwrap(), key).is_ok());
        let expected = test["result"] == "valid";
        // Only EdDSA and RS256 are accepted, whatever else a valid signature was made with.
        let supported = jwk["kty"] == "RSA" && jwk["alg"].as_str().is_none_or(|alg| alg == "RS256");
        match (passes, expected) {
            (true, true) => valid.push(id),
            (false, true) if !supported => unsupported += 1,
            (false, false) => {}
            _ => deviations.push(id),
        }
    }
    assert_eq!(cases(&file).count(), 401);
    assert_eq!(valid, [33, 259, 260, 261, 262, 263, 345, 349]);
    assert_eq!(unsupported, 38);
    assert_eq!(deviations, [] as [u64; 0]);
}

#[test]
fn wycheproof_hmac_tags_as_far_as_v1_keys_show_them() {
    let file = vectors("wycheproof/hmac_sha256_test.json");
    let (mut same, mut other, mut weak, mut beyond) = (0, 0, 0, 0);
    for (group, test) in cases(&file) {
        let Ok(secret) = Secret::new(&hex(&test["key"])) else {
            // 16 bytes are no secret here.
            assert_eq!(group["keySize"], 128);
            weak += 1;
            continue;
        };
        let shown = &test["tag"].as_str().unwrap()[..16];
        let matches = secret.tag(&hex(&test["msg"])).unwrap() == shown.as_bytes();
        match (matches, test["result"] == "valid") {
            (true, true) => same += 1,
            (false, false) => other += 1,
            // The tag was changed behind its 64th bit, which a v1 key does not show.
            (true, false) => beyond += 1,
            (false, true) => panic!("{test}"),
        }
    }
    assert_eq!([same, other, beyond, weak], [60, 64, 44, 6]);
    assert_eq!(same + other + beyond + weak, 174);
}

#[test]
fn jose_cookbook() {
    for file in ["jose-cookbook/rs256.json", "jose-cookbook/ed25519.json"] {
        let case = vectors(file);
        let key = public_key(&case["input"]["key"]).unwrap();
        let token = case["output"]["compact"].as_str().unwrap();
        let expected = case["input"]["payload"].as_str().unwrap();
        assert_eq!(payload(token, key.clone()).unwrap(), expected.as_bytes(), "{file}");

        let (input, signature) = token.rsplit_once('.').unwrap();
        let mut changed = Base64UrlUnpadded::decode_vec(signature).unwrap();
        changed[7] ^= 1;
        let changed = format!("{input}.{}", Base64UrlUnpadded::encode_string(&changed));
        assert_eq!(payload(&changed, key), Err(Invalid::BadSignature), "{file}");
    }
}
