//! JWK and JWKS: a key that is read goes through JWK and PEM unchanged.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_license::key::PublicKey;

fuzz_target!(|text: &str| {
    for key in PublicKey::list_from_jwks(text).unwrap_or_default() {
        let by_jwk = PublicKey::from_jwk(&key.to_jwk()).expect("its JWK is read");
        let by_pem = PublicKey::from_pem(&key.to_pem()).expect("its PEM is read");
        assert_eq!((by_jwk.kid(), by_pem.kid()), (key.kid(), key.kid()));
        assert!(!key.is_signature_of(text.as_bytes(), &[0; 64]));
    }
});
