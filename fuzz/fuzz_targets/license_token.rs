//! The verifier of documents: of all texts only the token that was signed passes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_fuzz::FIXTURE;
use licentia_license::keyset::Keyset;
use licentia_license::verify::{decode_unverified, verify};
use licentia_license::{Lease, License};

fuzz_target!(|text: &str| {
    FIXTURE.with(|fixture| {
        let [jwt, ..] = &fixture.genuine;
        assert_eq!(verify::<License>(text, &fixture.trust).is_ok(), text == jwt);
        assert!(verify::<Lease>(text, &fixture.trust).is_err());
        assert!(verify::<Keyset>(text, &fixture.trust).is_err());
        let _ = decode_unverified(text);
    });
});
