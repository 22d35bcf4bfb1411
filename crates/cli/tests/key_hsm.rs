//! `licentia key hsm` over SoftHSM2.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};
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

fn hsm(folder: &Path, more: &[&str]) -> Output {
    let module = PLACES.iter().map(PathBuf::from).find(|path| path.exists()).unwrap();
    let args = ["--json", "key", "hsm", "--module", module.to_str().unwrap()];
    run(folder, env!("CARGO_BIN_EXE_licentia"), &[&args, more].concat())
}

#[test]
fn a_key_in_a_token_is_shown_and_what_is_wrong_is_told_in_two_lines() {
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
    let files = [("pin", &b"24680\n"[..]), ("wrong", b"99999\n")].map(|(name, text)| {
        let path = folder.join(name);
        write_secret(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let [pin, wrong] = [&files[0][..], &files[1][..]];

    for name in [&["--label", "root"][..], &["--id", "01"], &["--label", "root", "--id", "01"]] {
        let args = [&["--token", "licences", "--pin-file", pin][..], name].concat();
        let shown: Value = serde_json::from_slice(&hsm(folder, &args).stdout).unwrap();
        assert_eq!(shown["kid"], key.public_key().kid());
        assert_eq!(shown["alg"], "EdDSA");
        assert_eq!(shown["public_pem"], key.public_key().to_pem());
    }
    for (args, status, what) in [
        (["--token", "licences", "--label", "root", "--pin-file", wrong], 3, "the PIN is not"),
        (
            ["--token", "other", "--label", "root", "--pin-file", pin],
            3,
            "no token labelled `other`",
        ),
        (
            ["--token", "licences", "--label", "no", "--pin-file", pin],
            3,
            "no private key labelled `no`",
        ),
        (["--token", "licences", "--id", "1", "--pin-file", pin], 2, "not in hex"),
    ] {
        let refused = hsm(folder, &args);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(status), "{said}");
        assert!(said.lines().count() == 2 && said.contains(what), "{said}");
        assert!(!said.contains("24680") && !said.contains("99999"), "{said}");
    }
}
