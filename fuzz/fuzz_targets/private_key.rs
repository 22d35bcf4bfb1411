//! Private keys in PEM: a key that is read is written and read back as the same key.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_issue::{PrivateKey, Signer};

fuzz_target!(|text: &str| {
    if let Ok(key) = PrivateKey::from_pem(text, None) {
        let written = key.to_pem().expect("it is written");
        let again = PrivateKey::from_pem(written.expose(), None).expect("it is read");
        assert_eq!(again.public_key(), key.public_key());
    }
});
