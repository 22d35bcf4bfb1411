//! What is carried or typed to and from machines without network: read, it is written and read back the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_license::offline::{ActivationFile, OfflineRequest, OfflineReturn};
use licentia_license::typed::{TypedAnswer, parse_word};

fuzz_target!(|text: &str| {
    if let Ok(file) = ActivationFile::parse(text) {
        assert_eq!(ActivationFile::parse(&file.to_string()), Ok(file));
    }
    if let Ok(word) = parse_word(text) {
        assert_eq!(parse_word(&word.to_string()), Ok(word));
    }
    let _ = TypedAnswer::parse(text);
    let _ = (OfflineRequest::open(text), OfflineReturn::open(text));
});
