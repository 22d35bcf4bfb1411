//! Files that openssl writes are read here, and ours are read there; each verifies what the other signs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use licentia_issue::keyfile::{self, ReadOptions};
use licentia_issue::signer::{RsaBits, RsaSigner};
use licentia_issue::{Ed25519Signer, PrivateKey, PrivateKeyError, Protection, Secret, Signer};
use licentia_license::key::{Algorithm, PublicKey};

const MESSAGE: &[u8] = b"message";

/// Runs openssl in a folder; its standard output, or its standard error.
fn openssl(folder: &Path, line: &str) -> Result<String, String> {
    let done = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("openssl is installed");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if done.status.success() { Ok(text(done.stdout)) } else { Err(text(done.stderr)) }
}

fn read(path: &Path, passphrase: Option<&str>) -> Result<PrivateKey, PrivateKeyError> {
    let passphrase = passphrase.map(|text| Secret::new(text.as_bytes().to_vec()));
    PrivateKey::from_pem(&fs::read_to_string(path).unwrap(), passphrase.as_ref())
}

/// Our signature under openssl, and openssl's under our verifier.
fn check_signatures(folder: &Path, file: &str, key: &PrivateKey) {
    fs::write(folder.join("message"), MESSAGE).unwrap();
    fs::write(folder.join("public.pem"), key.public_key().to_pem()).unwrap();
    fs::write(folder.join("ours.sig"), key.sign(MESSAGE).unwrap()).unwrap();
    let digest = match key.public_key().algorithm() {
        Algorithm::Ed25519 => "",
        _ => "-digest sha256",
    };
    let verify = "pkeyutl -verify -pubin -inkey public.pem -rawin -in message -sigfile ours.sig";
    openssl(folder, &format!("{verify} {digest}")).unwrap();
    let sign = format!("pkeyutl -sign -inkey {file} -rawin -in message -out theirs.sig {digest}");
    openssl(folder, &sign).unwrap();
    let theirs = fs::read(folder.join("theirs.sig")).unwrap();
    assert!(key.public_key().is_signature_of(MESSAGE, &theirs), "{file}");
}

#[test]
fn keys_that_openssl_makes_are_read_and_sign_alike() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (file, line) in [
        ("ed25519.pem", "genpkey -algorithm ed25519 -out ed25519.pem"),
        ("rsa2048.pem", "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out rsa2048.pem"),
        ("rsa3072.pem", "genrsa -out rsa3072.pem 3072"),
        ("rsa4096.pem", "genrsa -out rsa4096.pem 4096"),
        ("pkcs1.pem", "genrsa -traditional -out pkcs1.pem 2048"),
    ] {
        openssl(folder, line).unwrap();
        let key = read(&folder.join(file), None).unwrap();
        let public = openssl(folder, &format!("pkey -in {file} -pubout")).unwrap();
        assert_eq!(&PublicKey::from_pem(&public).unwrap(), key.public_key(), "{file}");
        check_signatures(folder, file, &key);
    }
    assert!(
        fs::read_to_string(folder.join("pkcs1.pem")).unwrap().contains("BEGIN RSA PRIVATE KEY")
    );
}

#[test]
fn keys_of_ours_are_read_by_openssl_with_and_without_a_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let passphrase = Secret::new(b"correct-horse".to_vec());
    let rsa = |bits| PrivateKey::from(RsaSigner::generate(bits).unwrap());
    for (stem, bits, key) in [
        ("ed25519", 0, PrivateKey::from(Ed25519Signer::from_seed([7; 32]).unwrap())),
        ("rsa2048", 2048, rsa(RsaBits::B2048)),
        ("rsa3072", 3072, rsa(RsaBits::B3072)),
        ("rsa4096", 4096, rsa(RsaBits::B4096)),
    ] {
        keyfile::write_pair(folder, stem, &key, None).unwrap();
        let public = fs::read_to_string(folder.join(format!("{stem}.public.pem"))).unwrap();
        let plain = format!("{stem}.private.pem");
        assert_eq!(openssl(folder, &format!("pkey -in {plain} -pubout")).unwrap(), public);
        let text = openssl(folder, &format!("pkey -in {plain} -noout -text")).unwrap();
        assert!(bits == 0 || text.contains(&format!("{bits} bit")), "{text}");
        if bits > 0 {
            openssl(folder, &format!("pkey -in {plain} -noout -check")).unwrap();
        }
        check_signatures(folder, &plain, &key);
        let again = keyfile::read_signer(&folder.join(&plain), &ReadOptions::default()).unwrap();
        assert_eq!(again.public_key(), key.public_key());

        let protection = Protection { passphrase: &passphrase, salt: [5; 16], iv: [6; 16] };
        let stem = format!("{stem}.sealed");
        keyfile::write_pair(folder, &stem, &key, Some(&protection)).unwrap();
        let sealed = format!("{stem}.private.pem");
        assert!(
            fs::read_to_string(folder.join(&sealed))
                .unwrap()
                .contains("BEGIN ENCRYPTED PRIVATE KEY")
        );
        let open =
            |word: &str| openssl(folder, &format!("pkey -in {sealed} -passin pass:{word} -pubout"));
        assert_eq!(open("correct-horse").unwrap(), public);
        assert!(open("wrong").is_err());
        let options = ReadOptions { passphrase: Some(&passphrase), ..ReadOptions::default() };
        let again = keyfile::read_signer(&folder.join(&sealed), &options).unwrap();
        assert_eq!(again.public_key(), key.public_key());
    }
}

#[test]
fn keys_that_openssl_encrypts_open_with_their_passphrase_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    openssl(folder, "genpkey -algorithm ed25519 -out ed25519.pem").unwrap();
    openssl(folder, "genrsa -out rsa.pem 2048").unwrap();
    for file in ["ed25519.pem", "rsa.pem"] {
        let public = read(&folder.join(file), None).unwrap().public_key().clone();
        for how in [
            "-v2 aes-256-cbc",
            "-v2 aes-128-cbc",
            "-v2 aes-192-cbc",
            "-v2 aes-256-cbc -v2prf hmacWithSHA512 -iter 10000",
            "-v2 aes-256-cbc -v2prf hmacWithSHA384",
            "-scrypt",
            "-v2 aes-256-cbc -scrypt -scrypt_N 8192",
        ] {
            let line = format!("pkcs8 -topk8 {how} -in {file} -passout pass:pass -out sealed.pem");
            openssl(folder, &line).unwrap();
            let sealed = folder.join("sealed.pem");
            assert_eq!(read(&sealed, Some("pass")).unwrap().public_key(), &public, "{how}");
            let refused = |passphrase| read(&sealed, passphrase).err();
            assert_eq!(refused(None), Some(PrivateKeyError::PassphraseWanted), "{how}");
            for wrong in ["", "Pass", "pass ", "password"] {
                assert_eq!(refused(Some(wrong)), Some(PrivateKeyError::WrongPassphrase), "{how}");
            }
        }
    }
}

#[test]
fn a_wrong_passphrase_is_told_from_a_broken_file_even_where_the_padding_happens_to_fit() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    openssl(folder, "genpkey -algorithm ed25519 -out ed25519.pem").unwrap();
    let line =
        "pkcs8 -topk8 -v2 aes-256-cbc -iter 1 -in ed25519.pem -passout pass:pass -out sealed.pem";
    openssl(folder, line).unwrap();
    let sealed = folder.join("sealed.pem");
    // One wrong passphrase in 256 leaves a padding that looks right.
    for wrong in 0..2000 {
        let refused = read(&sealed, Some(&wrong.to_string())).err();
        assert_eq!(refused, Some(PrivateKeyError::WrongPassphrase), "{wrong}");
    }
    let pem = fs::read_to_string(&sealed).unwrap();
    let cut = pem.replacen('\n', "\nAAAA", 1);
    fs::write(&sealed, cut).unwrap();
    let refused = read(&sealed, Some("pass")).err().unwrap();
    assert!(matches!(refused, PrivateKeyError::Unreadable | PrivateKeyError::Sealed), "{refused}");
}

#[test]
fn what_is_no_key_of_ours_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (file, line, expected) in [
        (
            "p256.pem",
            "genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256",
            PrivateKeyError::Unsupported,
        ),
        ("sec1.pem", "ecparam -genkey -name prime256v1 -noout", PrivateKeyError::Unsupported),
        ("ed448.pem", "genpkey -algorithm ed448", PrivateKeyError::Unsupported),
        ("x25519.pem", "genpkey -algorithm x25519", PrivateKeyError::Unsupported),
        (
            "rsa1024.pem",
            "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024",
            PrivateKeyError::Unsupported,
        ),
        ("rsa1024-pkcs1.pem", "genrsa -traditional 1024", PrivateKeyError::Unsupported),
        (
            "rsa5120.pem",
            "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:5120",
            PrivateKeyError::Unsupported,
        ),
        ("old.pem", "genrsa -traditional -aes256 -passout pass:pass 2048", PrivateKeyError::Sealed),
        (
            "pbes1.pem",
            "pkcs8 -topk8 -v1 PBE-SHA1-3DES -in ed25519.pem -passout pass:pass",
            PrivateKeyError::Sealed,
        ),
        (
            "sha1.pem",
            "pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA1 -in ed25519.pem -passout pass:pass",
            PrivateKeyError::Sealed,
        ),
        (
            "greedy.pem",
            "pkcs8 -topk8 -v2 aes-256-cbc -iter 2000001 -in ed25519.pem -passout pass:pass",
            PrivateKeyError::Sealed,
        ),
        ("public.pem", "pkey -in ed25519.pem -pubout", PrivateKeyError::Public),
    ] {
        openssl(folder, "genpkey -algorithm ed25519 -out ed25519.pem").unwrap();
        let (command, options) = line.split_once(' ').unwrap();
        openssl(folder, &format!("{command} -out {file} {options}")).unwrap();
        let refused = read(&folder.join(file), Some("pass")).err();
        assert_eq!(refused, Some(expected), "{file}");
    }
}
