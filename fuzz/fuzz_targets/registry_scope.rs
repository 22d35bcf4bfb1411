//! Scopes of registry tokens: what is read is within its limits, and is read the same when it is written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_authority::registry::scope::{MOST, parse};

fuzz_target!(|text: &str| {
    let scopes = parse(text.split('&'));
    assert!(scopes.len() <= MOST);
    let written: Vec<String> = scopes
        .iter()
        .map(|scope| format!("{}:{}:{}", scope.kind, scope.name, scope.actions.join(",")))
        .collect();
    assert_eq!(parse(written.iter().map(String::as_str)), scopes);
});
