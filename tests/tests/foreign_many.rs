//! A thousand licences of each signed form, issued here and verified by two foreign implementations (PyJWT and
//! `cryptography`, jose and Node's own); and a thousand that each of them signed, verified here.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use licentia_issue::sign::{sign, sign_v2};
use licentia_issue::signer::{RsaBits, RsaSigner};
use licentia_issue::{Ed25519Signer, PrivateKey, Signer};
use licentia_license::scheme::{Rules, check, v1};
use licentia_license::{License, Trust};
use licentia_tests::checkout;
use tempfile::TempDir;

const COUNT: usize = 1_000;
const NOW: i64 = 1_767_225_600;

/// One of ours with its files, for others to sign and verify with.
struct Key {
    key: PrivateKey,
    folder: TempDir,
}

impl Key {
    fn new(key: PrivateKey) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sign"), key.to_pem().unwrap().expose()).unwrap();
        std::fs::write(folder.path().join("verify"), key.public_key().to_pem()).unwrap();
        Self { key, folder }
    }

    fn ed25519() -> Self {
        Self::new(PrivateKey::Ed25519(Ed25519Signer::from_seed([7; 32]).unwrap()))
    }

    fn rsa() -> Self {
        Self::new(PrivateKey::Rsa(RsaSigner::generate(RsaBits::B2048).unwrap()))
    }

    fn run(&self, language: &Language, command: &str, lines: &[String]) -> Vec<String> {
        let file = self.folder.path().join(command.split('-').next().unwrap());
        language.run(command, self.key.algorithm(), &file, lines)
    }

    /// The ids of those that pass here.
    fn verify(&self, keys: &[String]) -> Vec<String> {
        let trust = Trust::new(vec![self.key.public_key().clone()]);
        let rules = Rules::new().product("p").prefix("P");
        keys.iter().map(|key| check(key, &trust, &rules, NOW).unwrap().jti.to_string()).collect()
    }
}

enum Language {
    Python,
    Node,
}

impl Language {
    /// Lines in, lines out of one process.
    fn run(&self, command: &str, alg: &str, key: &Path, lines: &[String]) -> Vec<String> {
        let mut child = self
            .command()
            .args([command, alg])
            .arg(key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let text = lines.join("\n");
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success(), "{command}");
        String::from_utf8(output.stdout).unwrap().lines().map(String::from).collect()
    }

    fn command(&self) -> Command {
        let from = |name: &str, usual: &str| -> PathBuf {
            let path = std::env::var_os(name).map_or_else(|| checkout().join(usual), PathBuf::from);
            assert!(path.exists(), "{} is missing: run ./scripts/test", path.display());
            path
        };
        let script = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign").join(name);
        match self {
            Self::Python => {
                let mut command =
                    Command::new(from("LICENTIA_TEST_PYTHON", "target/venv/bin/python"));
                command.arg(script("jose.py"));
                command
            }
            Self::Node => {
                let mut command = Command::new("node");
                command
                    .arg(script("jose.mjs"))
                    .arg(from("LICENTIA_TEST_NODE_MODULES", "target/node/node_modules"));
                command
            }
        }
    }
}

/// Claims that differ from one to the next, as JSON by us.
fn licenses() -> Vec<License> {
    let license = |n: usize| {
        let json = serde_json::json!({
            "iss": "https://licenses.example", "sub": format!("018f4d2c-7a1b-7c3d-8e4f-{n:012}"),
            "aud": "p", "jti": format!("key-{n}"), "iat": NOW - 60, "tier": "PRO", "rank": 2,
            "features": (0..n % 7).map(|f| format!("feature-{f}")).collect::<Vec<_>>(),
            "limits": { "agents": n, "tokens": null }, "seats": n % 5, "trial": n.is_multiple_of(2),
            "customer": { "id": format!("c{n}"), "name": "x".repeat(n % 50) + "ä\"\\ Ω" },
        });
        serde_json::from_value(json).unwrap()
    };
    (0..COUNT).map(license).collect()
}

fn ids(licenses: &[License]) -> Vec<String> {
    licenses.iter().map(|license| license.jti.to_string()).collect()
}

fn as_json(licenses: &[License]) -> Vec<String> {
    licenses.iter().map(|license| serde_json::to_string(license).unwrap()).collect()
}

fn both_ways(key: &Key) {
    let licenses = licenses();
    let tokens: Vec<String> = licenses.iter().map(|l| sign(l, &key.key).unwrap()).collect();
    for language in [Language::Python, Language::Node] {
        assert_eq!(key.run(&language, "verify", &tokens), ids(&licenses));
        let theirs = key.run(&language, "sign", &as_json(&licenses));
        assert_eq!(key.verify(&theirs), ids(&licenses));
    }
}

fn v2_both_ways(key: &Key) {
    let licenses = licenses();
    let keys: Vec<String> = licenses.iter().map(|l| sign_v2("P", l, &key.key).unwrap()).collect();
    for language in [Language::Python, Language::Node] {
        assert_eq!(key.run(&language, "verify-v2", &keys), ids(&licenses));
        let theirs = key.run(&language, "sign-v2", &as_json(&licenses));
        assert_eq!(key.verify(&theirs), ids(&licenses));
    }
}

#[test]
fn a_thousand_eddsa_licences_pass_with_pyjwt_and_jose_and_theirs_here() {
    both_ways(&Key::ed25519());
}

#[test]
fn a_thousand_rs256_licences_pass_with_pyjwt_and_jose_and_theirs_here() {
    both_ways(&Key::rsa());
}

#[test]
fn a_thousand_v2_keys_under_ed25519_and_rsa_pass_with_cryptography_and_node_and_theirs_here() {
    v2_both_ways(&Key::ed25519());
    v2_both_ways(&Key::rsa());
}

#[test]
fn a_thousand_v1_keys_pass_with_pythons_and_nodes_hmac_and_theirs_here() {
    const SECRET: &str = "a secret of the vendor's, with thirty-two characters or more";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, SECRET).unwrap();
    let secret = v1::Secret::new(SECRET.as_bytes()).unwrap();
    let rules = Rules::new().product("p").prefix("P").secret(SECRET.as_bytes(), None).unwrap();
    let id = |n: usize| format!("018f4d2c-7a1b-4c3d-8e4f-{n:012}");
    let tier = |n: usize| ["FREE", "PRO", "ENTERPRISE"][n % 3];
    let expiry = |n: usize| ["PERPETUAL", "20301231", "20280229"][n % 5 % 3];
    let ids: Vec<String> = (0..COUNT).map(id).collect();
    let keys: Vec<String> = (0..COUNT)
        .map(|n| v1::make(&secret, "P", tier(n), &id(n), expiry(n), None).unwrap())
        .collect();
    let parts: Vec<String> =
        (0..COUNT).map(|n| format!("{}:{}:{}", tier(n), id(n), expiry(n))).collect();
    for language in [Language::Python, Language::Node] {
        assert_eq!(language.run("verify-v1", "HS256", &file, &keys), ids);
        let theirs = language.run("sign-v1", "HS256", &file, &parts);
        assert_eq!(theirs, keys);
        let trust = Trust::default();
        let subs = theirs.iter().map(|key| check(key, &trust, &rules, NOW).unwrap().sub.clone());
        assert_eq!(subs.collect::<Vec<_>>(), ids);
    }
}
