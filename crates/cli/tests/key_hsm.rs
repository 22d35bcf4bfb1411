//! `licentia key hsm`, and keys in SoftHSM2 wherever a private key is asked for.

#![cfg(unix)]
#![expect(clippy::expect_used, reason = "helpers of tests are tests")]

use std::path::Path;
use std::process::{Command, Output};

use licentia_issue::keyfile::{write_pair, write_secret};
use licentia_issue::signer::Signer;
use licentia_issue::{Ed25519Signer, PrivateKey};
use serde_json::Value;

const PLACES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

fn run(folder: &Path, program: &str, args: &[&str]) -> Output {
    let settings = folder.join("softhsm2.conf");
    Command::new(program).args(args).env("SOFTHSM2_CONF", settings).output().expect(program)
}

fn licentia(folder: &Path, args: &[&str]) -> Output {
    run(folder, env!("CARGO_BIN_EXE_licentia"), &[&["--json"][..], args].concat())
}

fn uri(path: &str, pin: &Path) -> String {
    let module =
        PLACES.iter().find(|path| Path::new(path).exists()).expect("softhsm2 is installed");
    format!("pkcs11:{path}?module-path={module}&pin-source={}", pin.display())
}

#[test]
fn a_key_in_a_token_is_shown_signs_licences_and_is_the_root_of_an_authority() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let tokens = folder.join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let settings = format!("directories.tokendir = {}\n", tokens.display());
    std::fs::write(folder.join("softhsm2.conf"), settings).unwrap();
    let key = PrivateKey::from(Ed25519Signer::from_seed([7; 32]).unwrap());
    write_pair(folder, "root", &key, None).unwrap();
    let pem = folder.join("root.private.pem");
    let token = ["--token", "licences", "--pin", "24680"];
    for args in [
        &["--init-token", "--free", "--label", "licences", "--so-pin", "13579", "--pin", "24680"][..],
        &[&["--import", pem.to_str().unwrap(), "--label", "root", "--id", "01"][..], &token]
            .concat(),
    ] {
        assert!(run(folder, "softhsm2-util", args).status.success());
    }
    let [pin, wrong] = [("pin", &b"24680\n"[..]), ("wrong", b"99999\n")].map(|(name, text)| {
        let path = folder.join(name);
        write_secret(&path, text).unwrap();
        path
    });

    for name in ["object=root", "id=%01", "object=root;id=%01"] {
        let shown =
            licentia(folder, &["key", "hsm", &uri(&format!("token=licences;{name}"), &pin)]);
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!(shown["kid"], key.public_key().kid());
        assert_eq!(shown["alg"], "EdDSA");
        assert_eq!(shown["public_pem"], key.public_key().to_pem());
    }
    for (uri, status, what) in [
        (uri("token=licences;object=root", &wrong), 3, "the PIN is not"),
        (uri("token=other;object=root", &pin), 3, "no token labelled `other`"),
        (uri("token=licences;object=no", &pin), 3, "no private key labelled `no`"),
        (uri("token=licences", &pin), 2, "has no `object`"),
        (uri("token=licences;object=root", Path::new("/nowhere/pin")), 3, "/nowhere/pin"),
    ] {
        let refused = licentia(folder, &["key", "hsm", &uri]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(status), "{said}");
        assert!(said.lines().count() == 2 && said.contains(what), "{said}");
        assert!(!said.contains("24680") && !said.contains("99999"), "{said}");
    }

    let claims = folder.join("claims.json");
    std::fs::write(
        &claims,
        r#"{"iss":"https://licenses.test","aud":"tmws","tier":"PRO","iat":1700000000}"#,
    )
    .unwrap();
    let root = uri("token=licences;object=root", &pin);
    let signed = licentia(
        folder,
        &["license", "sign", "--key", &root, "--claims", claims.to_str().unwrap()],
    );
    let signed: Value = serde_json::from_slice(&signed.stdout).unwrap();
    let public = folder.join("root.public.pem");
    let public = ["--public-key", public.to_str().unwrap()];
    let verify = [&["license", "verify", signed["key"].as_str().unwrap()][..], &public].concat();
    let verified = licentia(folder, &verify);
    let verdict: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(verdict["valid"], true, "{verdict}");

    // The root's file may be taken away, into a token.
    let data = folder.join("data");
    let data = data.to_str().unwrap();
    assert!(licentia(folder, &["init", "--data", data]).status.success());
    let file = format!("{data}/root.private.pem");
    let args = ["--import", &file, "--label", "authority", "--id", "02"];
    assert!(run(folder, "softhsm2-util", &[&args[..], &token].concat()).status.success());
    std::fs::remove_file(&file).unwrap();
    let rotate = ["key", "rotate", "--data", data];
    assert_eq!(licentia(folder, &rotate).status.code(), Some(2));
    let root = uri("token=licences;object=authority", &pin);
    let rotated = licentia(folder, &[&rotate[..], &["--root", &root]].concat());
    assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
    let stranger = uri("token=licences;object=root", &pin);
    assert!(!licentia(folder, &[&rotate[..], &["--root", &stranger]].concat()).status.success());

    // Or it never was a file.
    let data = folder.join("other");
    let data = ["--data", data.to_str().unwrap()];
    assert!(licentia(folder, &[&["init", "--root", &root][..], &data].concat()).status.success());
    assert!(!folder.join("other/root.private.pem").exists());
    assert!(folder.join("other/root.public.pem").exists());
    let exported = licentia(folder, &[&["key", "export", "--public"][..], &data].concat());
    let shown = licentia(folder, &["key", "hsm", &root]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let exported = String::from_utf8(exported.stdout).unwrap();
    assert!(exported.contains(shown["public_pem"].as_str().unwrap().trim()), "{exported}");
    let rotated = licentia(folder, &[&["key", "rotate", "--root", &root][..], &data].concat());
    assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
}
