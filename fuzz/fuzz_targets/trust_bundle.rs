//! Trust bundles: what is read is written and read back the same, but for the names a JWK gave its keys, which
//! PEM has no place for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_license::Trust;

fuzz_target!(|text: &str| {
    if let Ok(trust) = Trust::from_text(text) {
        let written = trust.to_text();
        let again = Trust::from_text(&written).expect("what was written is read");
        let kids = |trust: &Trust| {
            trust.roots().iter().map(|key| key.kid().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(kids(&again), kids(&trust));
        assert_eq!(again.to_text(), written);
    }
});
