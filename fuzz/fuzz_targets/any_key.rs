//! Keys of every scheme: only those that were issued pass, and a short key is read as it is written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_fuzz::FIXTURE;
use licentia_license::scheme::{Scheme, check, decode, scheme_of, short};

fuzz_target!(|text: &str| {
    FIXTURE.with(|fixture| {
        let passed = check(text, &fixture.trust, &fixture.rules, 1_767_225_600);
        // A v1 key's prefix is not signed, nor is the case of its UUID.
        let issued = |key: &String| match scheme_of(text) {
            Ok(Scheme::V1) => {
                let signed = |key: &str| key.split_once('-').map(|(_, rest)| rest.to_lowercase());
                signed(key) == signed(text)
            }
            _ => key == text,
        };
        if passed.is_ok() {
            assert!(fixture.genuine.iter().any(issued), "{text}");
        }
        if scheme_of(text).is_ok() {
            let _ = decode(text);
        }
        if let Ok(key) = short::parse(text) {
            assert_eq!(short::parse(&key.to_string()), Ok(key));
        }
    });
});
