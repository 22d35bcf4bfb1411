//! Other people's libraries: PyJWT, Python's `cryptography` and openssl, both ways.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::process::{Command, Stdio};

use licentia_tests::foreign::python;
use licentia_tests::{Home, catalog};
use serde_json::Value;

fn run(program: &std::path::Path, args: &[&str]) -> String {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_licence_issued_here_verifies_with_pyjwt_by_pem_and_by_jwks() {
    let home = Home::with_catalog(&catalog(1));
    let license = home.issue("p", "a");
    let key = license["key"].as_str().unwrap();
    let pem = home.path("public.pem");
    let jwks = home.path("jwks.json");
    std::fs::write(&pem, home.run(&["key", "export", "--public", "--format", "pem"]).done().stdout)
        .unwrap();
    std::fs::write(
        &jwks,
        home.run(&["key", "export", "--public", "--format", "jwks"]).done().stdout,
    )
    .unwrap();
    let script = r"
import json, sys, jwt
key, pem, jwks = sys.argv[1:]
by_pem = jwt.decode(key, open(pem).read(), algorithms=['EdDSA'], audience='p')
keys = jwt.PyJWKSet.from_dict(json.load(open(jwks)))
by_jwks = jwt.decode(key, keys[jwt.get_unverified_header(key)['kid']].key, algorithms=['EdDSA'], audience='p')
assert by_pem == by_jwks
print(json.dumps(by_pem))
";
    let claims: Value =
        serde_json::from_str(&run(&python(), &["-c", script, key, &pem, &jwks])).unwrap();
    assert_eq!(claims["sub"], license["id"]);
    assert_eq!(claims["features"], serde_json::json!(["x"]));
}

#[test]
fn a_licence_issued_here_verifies_with_openssl() {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let home = Home::with_catalog(&catalog(1));
    let key = home.issue("p", "a")["key"].as_str().unwrap().to_owned();
    let pem = home.path("public.pem");
    std::fs::write(&pem, home.run(&["key", "export", "--public", "--format", "pem"]).done().stdout)
        .unwrap();
    let (input, signature) = key.rsplit_once('.').unwrap();
    let (message, sig) = (home.path("message"), home.path("signature"));
    std::fs::write(&message, input).unwrap();
    std::fs::write(&sig, Base64UrlUnpadded::decode_vec(signature).unwrap()).unwrap();
    let args = [
        "pkeyutl", "-verify", "-pubin", "-inkey", &pem, "-rawin", "-in", &message, "-sigfile", &sig,
    ];
    assert!(run("openssl".as_ref(), &args).contains("Signature Verified Successfully"));
}

#[test]
fn a_licence_made_with_python_to_the_same_claims_verifies_here_and_no_changed_bit_does() {
    let home = Home::with_catalog(&catalog(1));
    let issued = home.issue("p", "a");
    let claims =
        home.run(&["license", "decode", "--json", issued["key"].as_str().unwrap()]).done().json();
    let (private, public) = (home.path("python.pem"), home.path("python.pub.pem"));
    let script = r"
import base64, json, sys
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
claims, private, public = sys.argv[1:]
key = Ed25519PrivateKey.generate()
open(private, 'wb').write(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
open(public, 'wb').write(key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))
b64 = lambda b: base64.urlsafe_b64encode(b).rstrip(b'=')
head = b64(json.dumps({'alg': 'EdDSA', 'typ': 'license+jwt'}).encode())
message = head + b'.' + b64(claims.encode())
print((message + b'.' + b64(key.sign(message))).decode())
";
    let text = claims["claims"].to_string();
    let token = run(&python(), &["-c", script, &text, &private, &public]).trim().to_owned();
    let verified = home
        .run(&["license", "verify", "--json", "--product", "p", "--public-key", &public, &token])
        .done();
    assert_eq!(verified.json()["license"]["sub"], issued["id"]);

    let trust =
        licentia_license::Trust::from_text(&std::fs::read_to_string(&public).unwrap()).unwrap();
    let verify =
        |token: &str| licentia_license::verify::verify::<licentia_license::License>(token, &trust);
    assert!(verify(&token).is_ok());
    let mut tried = 0;
    for at in 0..token.len() {
        for bit in 0..8 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            if let Ok(changed) = String::from_utf8(bytes) {
                tried += 1;
                assert!(verify(&changed).is_err(), "bit {bit} of byte {at}");
            }
        }
    }
    assert!(tried >= token.len() * 7);
}

#[test]
fn key_files_go_to_openssl_and_back() {
    let home = Home::empty();
    let made = home
        .run(&["key", "generate", "--alg", "ed25519", "--out", &home.path("keys"), "--json"])
        .done()
        .json();
    let (private, public) = (made["private"].as_str().unwrap(), made["public"].as_str().unwrap());
    let derived = run("openssl".as_ref(), &["pkey", "-in", private, "-pubout"]);
    assert_eq!(derived, std::fs::read_to_string(public).unwrap());
    let theirs = home.path("theirs.pem");
    run("openssl".as_ref(), &["genpkey", "-algorithm", "ed25519", "-out", &theirs]);
    let signer =
        licentia_issue::Ed25519Signer::from_pem(&std::fs::read_to_string(&theirs).unwrap())
            .unwrap();
    let expected = run("openssl".as_ref(), &["pkey", "-in", &theirs, "-pubout"]);
    assert_eq!(licentia_issue::Signer::public_key(&signer).to_pem(), expected);
}
