//! Licence files: what is read is written and read back the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_license::file::LicenseFile;

fuzz_target!(|text: &str| {
    if let Ok(file) = LicenseFile::parse(text) {
        assert_eq!(LicenseFile::parse(&file.to_string()), Ok(file));
    }
});
