//! Catalogues in TOML: read, or refused with words.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_authority::catalog;

fuzz_target!(|text: &str| {
    if let Err(error) = catalog::parse(text) {
        assert!(!error.to_string().is_empty());
    }
});
