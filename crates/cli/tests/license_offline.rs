//! `licentia license sign`, `verify` and `decode`: keys of every scheme with files alone, no authority.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};

const UUID: &str = "550e8400-e29b-41d4-a716-446655440000";

const CATALOG: &str = r#"
[product]
code = "tmws"
name = "TMWS"
key_prefix = "TMWS"
default_plan = "pro"

[[plan]]
code = "pro"
tier = "PRO"
rank = 2
seats = 3
features = ["search"]
limits = { agents = 5 }
"#;

/// A folder in which the commands run, with a key pair of each algorithm and a secret.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for (alg, files) in [
            ("ed25519", &[("private", "ed.pem"), ("public", "ed.pub")][..]),
            ("rsa2048", &[("private", "rsa.pem"), ("public", "rsa.pub")]),
            ("hmac", &[("secret", "hmac.secret")]),
        ] {
            let made = desk.run(&["--json", "key", "generate", "--alg", alg, "--out", alg]);
            let made: Value = serde_json::from_slice(&made.stdout).unwrap();
            for (kind, name) in files {
                fs::rename(desk.path(made[kind].as_str().unwrap()), desk.path(name)).unwrap();
            }
        }
        desk.write("tmws.toml", CATALOG);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_licentia"));
        command.args(args).current_dir(self.0.path()).output().unwrap()
    }

    /// The key that `license sign` makes of these claims.
    fn sign(&self, claims: &Value, args: &[&str]) -> String {
        self.write("claims.json", claims.to_string());
        let made = self.run(&[&["license", "sign", "--claims", "claims.json"], args].concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }

    /// Code and licence that `license verify` tells; the exit status agrees with them.
    fn verify(&self, key: &str, args: &[&str]) -> (String, Value) {
        let told = self.run(&[&["--json", "license", "verify", key], args].concat());
        let report: Value = serde_json::from_slice(&told.stdout).unwrap();
        let valid = report["code"] == "valid";
        assert_eq!(report["valid"], valid);
        assert_eq!(told.status.code(), Some(i32::from(!valid)));
        (report["code"].as_str().unwrap().to_owned(), report["license"].clone())
    }

    fn code(&self, key: &str, args: &[&str]) -> String {
        self.verify(key, args).0
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://a.example", "aud": "caio", "tier": "PRO", "rank": 2, "plan": "pro",
        "features": ["search"], "limits": { "agents": null }, "seats": 2, "exp": 2_000_000_000,
        "customer": { "id": "acme-eu-1" },
    })
}

#[test]
fn what_is_signed_verifies_under_its_key_for_its_product_until_its_end() {
    let desk = Desk::new();
    for (private, public, other) in
        [("ed.pem", "ed.pub", "rsa.pub"), ("rsa.pem", "rsa.pub", "ed.pub")]
    {
        for scheme in ["jwt", "v2"] {
            let key = desk.sign(&claims(), &["--key", private, "--scheme", scheme]);
            let trust = ["--public-key", public, "--at", "2027-01-01T00:00:00Z"];
            let (code, license) = desk.verify(&key, &[&trust[..], &["--product", "caio"]].concat());
            assert_eq!(code, "valid", "{key}");
            for (name, value) in claims().as_object().unwrap() {
                assert_eq!(&license[name], value, "{name}");
            }
            assert_eq!(
                desk.code(&key, &[&trust[..], &["--product", "tmws"]].concat()),
                "wrong_product"
            );
            assert_eq!(
                desk.code(&key, &["--public-key", public, "--at", "2033-05-18T03:33:20Z"]),
                "expired"
            );
            assert_ne!(desk.code(&key, &["--public-key", other]), "valid");

            let decoded = desk.run(&["--json", "license", "decode", &key]);
            let decoded: Value = serde_json::from_slice(&decoded.stdout).unwrap();
            assert_eq!((&decoded["verified"], &decoded["scheme"]), (&json!(false), &json!(scheme)));
            assert_eq!(decoded["claims"]["customer"]["id"], "acme-eu-1");
        }
    }
}

#[test]
fn a_v1_key_of_python_verifies_here_and_ours_there() {
    let desk = Desk::new();
    let secret = "a secret of at least thirty-two characters, ümlaut";
    desk.write("py.secret", format!("{secret}\n"));
    let program = "import hmac,hashlib,sys\n\
                   print(hmac.new(sys.argv[1].encode(), sys.argv[2].encode(), hashlib.sha256).hexdigest()[:16])";
    let python = |text: &str| {
        let output = Command::new("python3").args(["-c", program, secret, text]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let perpetual =
        format!("TMWS-PRO-{UUID}-PERPETUAL-{}", python(&format!("PRO:{UUID}:PERPETUAL")));
    let args =
        ["--secret-file", "hmac.secret", "--secret-file", "py.secret", "--catalog", "tmws.toml"];
    let (code, license) = desk.verify(&perpetual, &args);
    assert_eq!(code, "valid");
    assert_eq!(license["sub"], UUID);
    assert_eq!((&license["features"], &license["seats"]), (&json!(["search"]), &json!(3)));
    assert_eq!(desk.code(&perpetual, &args[..2]), "bad_signature");
    assert_eq!(desk.code(&perpetual, &["--public-key", "ed.pub"]), "scheme_disabled");
    assert_eq!(
        desk.code(&perpetual, &["--secret-file", "py.secret", "--product", "tmws"]),
        "valid"
    );
    assert_eq!(
        desk.code(&perpetual, &["--secret-file", "py.secret", "--product", "caio"]),
        "wrong_product"
    );

    // Valid through the end of its day.
    let claims = json!({ "aud": "tmws", "tier": "PRO", "sub": UUID, "exp": 1_766_016_000 });
    let ours = desk.sign(&claims, &["--secret-file", "py.secret"]);
    let tag = python(&format!("PRO:{UUID}:20251217"));
    assert_eq!(ours, format!("TMWS-PRO-{UUID}-20251217-{tag}"));
    for (at, code) in [("2025-12-17T23:59:59Z", "valid"), ("2025-12-18T00:00:00Z", "expired")] {
        assert_eq!(desk.code(&ours, &[&args[..], &["--at", at]].concat()), code);
    }

    // For one machine.
    let claims = json!({ "aud": "tmws", "tier": "PRO", "sub": UUID });
    let machine = "0123456789abcdef";
    let bound = desk.sign(&claims, &["--secret-file", "py.secret", "--fingerprint", machine]);
    assert!(bound.ends_with(&python(&format!("PRO:{UUID}:PERPETUAL:{machine}"))));
    assert_eq!(desk.code(&bound, &args), "bad_signature");
    for machine in ["0123456789abcdef", "host-mac:0123456789abcdef"] {
        assert_eq!(desk.code(&bound, &[&args[..], &["--fingerprint", machine]].concat()), "valid");
    }
}

#[test]
fn the_keys_of_legacy_issuers_verify_under_their_profile_only() {
    let desk = Desk::new();
    let payload = json!({ "customer_id": "acme-eu-1", "expires_at": "2033-01-01T00:00:00", "features": ["x"], "limits": {} });
    let key = desk.sign(&payload, &["--key", "rsa.pem", "--scheme", "v2", "--prefix", "CAIO"]);
    let args = ["--public-key", "rsa.pub", "--product", "caio"];
    let (code, license) = desk.verify(&key, &[&args[..], &["--profile", "caio"]].concat());
    assert_eq!((code.as_str(), &license["features"]), ("valid", &json!(["x"])));
    assert_eq!(desk.code(&key, &args), "bad_signature");
}

#[test]
fn a_catalogue_says_from_when_on_a_scheme_is_refused() {
    let desk = Desk::new();
    let key = desk.sign(&claims(), &["--key", "ed.pem"]);
    let product = claims()["aud"].as_str().unwrap().to_owned();
    let catalog = |lines: &str| {
        format!(
            "[product]\ncode = \"{product}\"\nname = \"P\"\ndefault_plan = \"a\"\n{lines}\n\
             [[plan]]\ncode = \"a\"\ntier = \"A\"\nrank = 1\nseats = 1\n"
        )
    };
    desk.write("open.toml", catalog(""));
    desk.write("closed.toml", catalog("sunset = { jwt = \"2020-01-01\" }"));
    let code = |file| desk.code(&key, &["--public-key", "ed.pub", "--catalog", file]);
    assert_eq!(
        (code("open.toml"), code("closed.toml")),
        ("valid".into(), "scheme_disabled".into())
    );
}

#[test]
fn what_openssl_signs_verifies_here() {
    let desk = Desk::new();
    let sign = |key: &str, text: &str| {
        desk.write("text", text);
        let args: &[&str] = match key {
            "rsa.pem" => &["dgst", "-sha256", "-sign", key, "text"],
            _ => &["pkeyutl", "-sign", "-rawin", "-in", "text", "-inkey", key],
        };
        let signed =
            Command::new("openssl").args(args).current_dir(desk.0.path()).output().unwrap();
        assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
        Base64UrlUnpadded::encode_string(&signed.stdout)
    };
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());

    let payload = r#"{"customer_id": "a-b-c", "expires_at": "2031-05-05T10:00:00.123456", "features": ["x"]}"#;
    for (private, public) in [("rsa.pem", "rsa.pub"), ("ed.pem", "ed.pub")] {
        let key = format!("CAIO-v2-a-b-c-{}.{}", encode(payload), sign(private, payload));
        let args = ["--public-key", public, "--product", "caio", "--profile", "caio"];
        for (at, code) in [("2031-05-05T09:59:59Z", "valid"), ("2031-05-05T10:00:00Z", "expired")] {
            assert_eq!(desk.code(&key, &[&args[..], &["--at", at]].concat()), code);
        }
    }
    let claims = r#"{"jti":"daS7y8sioiecYy","_attr":{"email":"a@example.com","chargeId":"ch_1"}}"#;
    let input = format!("{}.{}", encode(r#"{"alg":"RS256"}"#), encode(claims));
    let token = format!("{input}.{}", sign("rsa.pem", &input));
    let args = ["--public-key", "rsa.pub", "--product", "pixels"];
    let (code, license) = desk.verify(&token, &[&args[..], &["--profile", "volcanic"]].concat());
    assert_eq!((code.as_str(), &license["_attr"]["chargeId"]), ("valid", &json!("ch_1")));
    assert_eq!(desk.code(&token, &args), "malformed");
}

#[test]
fn a_secret_that_others_can_read_or_that_is_short_is_wrong_usage_and_not_shown() {
    let desk = Desk::new();
    desk.write("short.secret", "0123456789abcdef0123456789abcde\n");
    desk.write("open.secret", "0123456789abcdef0123456789abcdef\n");
    fs::set_permissions(desk.path("open.secret"), fs::Permissions::from_mode(0o644)).unwrap();
    desk.write("claims.json", json!({ "aud": "tmws", "tier": "PRO" }).to_string());
    for secret in ["short.secret", "open.secret", "missing.secret"] {
        for args in [
            &["license", "verify", "TMWS-PRO-x", "--secret-file", secret][..],
            &["license", "sign", "--claims", "claims.json", "--secret-file", secret],
        ] {
            let told = desk.run(args);
            let said = String::from_utf8(told.stderr).unwrap();
            assert_eq!(told.status.code(), Some(2), "{said}");
            assert!(
                said.contains(secret) && said.contains("\ntry: ") && !said.contains("0123"),
                "{said}"
            );
        }
    }
}

#[test]
fn claims_that_make_no_key_are_wrong_usage() {
    let desk = Desk::new();
    for (claims, args) in [
        (json!({ "aud": "caio" }), &["--key", "ed.pem"][..]),
        (json!([1]), &["--key", "ed.pem"]),
        (json!({ "iss": "a", "aud": "caio" }), &["--key", "ed.pem", "--scheme", "v2"]),
        (
            json!({ "iss": "a", "aud": "caio", "customer": { "id": "a.b" } }),
            &["--key", "ed.pem", "--scheme", "v2"],
        ),
        (
            json!({ "iss": "a", "aud": "c-d", "customer": { "id": "ab" } }),
            &["--key", "ed.pem", "--scheme", "v2"],
        ),
        (claims(), &["--key", "ed.pem", "--scheme", "v1"]),
        (claims(), &["--secret-file", "hmac.secret", "--scheme", "jwt"]),
        (json!({ "aud": "tmws" }), &["--secret-file", "hmac.secret"]),
        (json!({ "aud": "tmws", "tier": "PRO", "exp": 5 }), &["--secret-file", "hmac.secret"]),
        (json!({ "aud": "tmws", "tier": "PRO", "sub": "x" }), &["--secret-file", "hmac.secret"]),
        (json!({ "tier": "PRO" }), &["--secret-file", "hmac.secret"]),
    ] {
        desk.write("claims.json", claims.to_string());
        let told = desk.run(&[&["license", "sign", "--claims", "claims.json"], args].concat());
        let said = String::from_utf8(told.stderr).unwrap();
        assert_eq!(told.status.code(), Some(2), "{claims}: {said}");
        assert!(told.stdout.is_empty() && said.contains("\ntry: "), "{said}");
    }
}

#[test]
fn a_key_may_come_by_pipe_or_in_muonrois_file() {
    let desk = Desk::new();
    let key = desk.sign(&claims(), &["--key", "ed.pem"]);
    desk.write("license.key", json!({ "LicenseKey": key, "Tier": "Licensed" }).to_string());
    let args = ["license", "verify", "--public-key", "ed.pub"];
    assert!(desk.run(&[&args[..], &["--file", "license.key"]].concat()).status.success());
    assert!(piped(desk.0.path(), &[&args[..], &["-"]].concat(), &key).status.success());
    let decoded = piped(desk.0.path(), &["license", "decode", "-"], &format!("{key}\n"));
    assert!(String::from_utf8(decoded.stdout).unwrap().starts_with("NOT VERIFIED"));
}

fn piped(folder: &Path, args: &[&str], text: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_licentia"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
