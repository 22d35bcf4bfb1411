//! Trust bundles: what is read is written and read back the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_license::Trust;

fuzz_target!(|text: &str| {
    if let Ok(trust) = Trust::from_text(text) {
        let written = trust.to_text();
        let again = Trust::from_text(&written).expect("what was written is read");
        assert_eq!(again.roots(), trust.roots());
        assert_eq!(again.to_text(), written);
    }
});
