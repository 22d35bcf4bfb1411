//! Damaged private keys: refused, or the key that the bytes now say, and never a panic.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use licentia_issue::signer::{RsaBits, RsaSigner};
use licentia_issue::{Ed25519Signer, PrivateKey, Protection, Secret, Signer};

/// What is still read as a key signs so that its own public half verifies.
fn check(der: &[u8]) -> bool {
    let Ok(key) = PrivateKey::from_pkcs8(der) else { return false };
    let signature = key.sign(b"message").unwrap();
    assert!(key.public_key().is_signature_of(b"message", &signature));
    true
}

#[test]
fn single_changed_bits_make_no_key_that_signs_wrongly() {
    let ed25519 = PrivateKey::from(Ed25519Signer::from_seed([7; 32]).unwrap());
    let rsa = PrivateKey::from(RsaSigner::generate(RsaBits::B2048).unwrap());
    // A change in the seed of an Ed25519 key is another key; RSA's numbers hang together.
    for (key, most) in [(ed25519, 256), (rsa, 0)] {
        let der = key.to_pkcs8().unwrap();
        let mut read = 0;
        for bit in 0..der.expose().len() * 8 {
            let mut changed = der.expose().clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            read += usize::from(check(&changed));
        }
        assert_eq!(read, most);
    }
}

#[test]
fn a_key_that_is_cut_or_goes_on_is_refused() {
    let key = PrivateKey::from(Ed25519Signer::from_seed([7; 32]).unwrap());
    let der = key.to_pkcs8().unwrap();
    for length in 0..der.expose().len() {
        assert!(!check(&der.expose()[..length]), "{length}");
    }
    assert!(!check(&[&der.expose()[..], &[0]].concat()));

    let passphrase = Secret::new(b"pass".to_vec());
    let protection = Protection { passphrase: &passphrase, salt: [1; 16], iv: [2; 16] };
    for pem in [key.to_pem().unwrap(), key.to_encrypted_pem(&protection).unwrap()] {
        let pem = pem.expose().trim_end();
        for length in 0..pem.len() {
            assert!(PrivateKey::from_pem(&pem[..length], Some(&passphrase)).is_err(), "{length}");
        }
        let twice = format!("{pem}\n{pem}\n");
        assert!(PrivateKey::from_pem(&twice, Some(&passphrase)).is_err());
    }
}
