//! `licentia key generate`: files of every algorithm that openssl reads, and signs with.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use licentia_issue::Secret;
use licentia_issue::keyfile::{ReadOptions, read_signer, write_secret};
use licentia_issue::signer::Signer;
use serde_json::Value;

fn generate(folder: &Path, alg: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_licentia"))
        .args(["--json", "key", "generate", "--alg", alg, "--out"])
        .arg(folder)
        .args(more)
        .output()
        .unwrap()
}

fn result(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn path(result: &Value, name: &str) -> PathBuf {
    result[name].as_str().unwrap().into()
}

fn openssl(args: &[&str], file: &Path) -> Output {
    Command::new("openssl").args(args).arg("-in").arg(file).output().unwrap()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
}

#[test]
fn each_algorithm_makes_a_pair_that_openssl_reads() {
    let folder = tempfile::tempdir().unwrap();
    for (alg, name, bits) in [
        ("ed25519", "EdDSA", "ED25519"),
        ("rsa2048", "RS256", "2048 bit"),
        ("rsa3072", "RS256", "3072 bit"),
        ("rsa4096", "RS256", "4096 bit"),
    ] {
        let made = result(&generate(folder.path(), alg, &[]));
        let kid = made["kid"].as_str().unwrap();
        let private = path(&made, "private");
        assert_eq!(made["alg"], name);
        assert_eq!(made["encrypted"], false);
        assert_eq!(private, folder.path().join(format!("{kid}.private.pem")));
        assert_eq!(path(&made, "public"), folder.path().join(format!("{kid}.public.pem")));
        #[cfg(unix)]
        assert_eq!(mode(&private), 0o600);

        let text = openssl(&["pkey", "-noout", "-text"], &private);
        assert!(String::from_utf8_lossy(&text.stdout).contains(bits), "{alg}");
        let public = openssl(&["pkey", "-pubout"], &private).stdout;
        assert_eq!(public, fs::read(path(&made, "public")).unwrap(), "{alg}");
        let signer = read_signer(&private, &ReadOptions::default()).unwrap();
        assert_eq!(signer.public_key().kid(), kid);
    }
}

#[test]
fn a_passphrase_protects_the_private_key_here_and_in_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = folder.path().join("passphrase");
    write_secret(&passphrase, b"correct horse\n").unwrap();
    let file = format!("file:{}", passphrase.display());
    for alg in ["ed25519", "rsa2048"] {
        let more = ["--passphrase-file", passphrase.to_str().unwrap()];
        let made = result(&generate(folder.path(), alg, &more));
        let private = path(&made, "private");
        assert_eq!(made["encrypted"], true);
        let opened = openssl(&["pkey", "-pubout", "-passin", &file], &private);
        assert_eq!(opened.stdout, fs::read(path(&made, "public")).unwrap(), "{alg}");
        assert!(!openssl(&["pkey", "-pubout", "-passin", "pass:wrong"], &private).status.success());

        assert!(read_signer(&private, &ReadOptions::default()).is_err());
        let secret = Secret::new(b"correct horse".to_vec());
        let options = ReadOptions { passphrase: Some(&secret), ..ReadOptions::default() };
        assert_eq!(
            read_signer(&private, &options).unwrap().public_key().kid(),
            made["kid"].as_str().unwrap()
        );
    }
}

#[test]
fn a_secret_for_v1_is_64_hex_digits_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (generate(folder.path(), "hmac", &[]), generate(folder.path(), "hmac", &[]));
    let texts = [&one, &two].map(|output| {
        let made = result(output);
        let path = path(&made, "secret");
        assert_eq!(path, folder.path().join(format!("{}.secret", made["kid"].as_str().unwrap())));
        #[cfg(unix)]
        assert_eq!(mode(&path), 0o600);
        let text = fs::read_to_string(path).unwrap();
        assert!(text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        for output in [&one, &two] {
            let said = [&output.stdout[..], &output.stderr].concat();
            assert!(!String::from_utf8_lossy(&said).contains(&text), "the secret is not printed");
        }
        text
    });
    assert_ne!(texts[0], texts[1]);
    assert_eq!(generate(folder.path(), "hmac", &["--passphrase-file", "x"]).status.code(), Some(2));
}

#[test]
#[cfg(unix)]
fn a_passphrase_that_others_can_read_is_refused_and_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let passphrase = folder.path().join("passphrase");
    fs::write(&passphrase, "correct horse\n").unwrap();
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o644)).unwrap();
    let keys = folder.path().join("keys");
    let refused = generate(&keys, "ed25519", &["--passphrase-file", passphrase.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.lines().count() == 2 && said.contains("chmod 600"), "{said}");
    assert!(!keys.exists());
}
