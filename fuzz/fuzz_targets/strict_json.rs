//! Strict JSON: what it accepts, any reader accepts, and as the same value; claims are read without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_license::{License, json};
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let strict = json::from_slice::<Value>(bytes).ok();
    assert_eq!(json::check(bytes).is_ok(), strict.is_some());
    if let Some(value) = strict {
        assert_eq!(serde_json::from_slice::<Value>(bytes).ok(), Some(value.clone()));
        let written = value.to_string();
        assert!(json::check(written.as_bytes()).is_ok(), "{written}");
    } else {
        assert!(json::from_slice::<License>(bytes).is_err());
    }
});
