//! `docs/errors.md` is made from the codes themselves: `UPDATE_DOCS=1 cargo test -p licentia-protocol`.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use licentia_license::Invalid;
use licentia_protocol::Code;

const HEAD: &str = "# Error codes

Made from the code by `UPDATE_DOCS=1 cargo test -p licentia-protocol`.

Codes are stable: programs go by them, people by the words beside them. New ones may be added, so treat a code that
you do not know by its HTTP status.
";

const ONLINE: &str = "
## What the authority answers

Each error is a problem document (RFC 9457, `application/problem+json`) with `type`, `title`, `status`, `detail` and
`code`; `type` is `urn:licentia:error:` and the code. `detail` says what happened and what to do, and never holds a key.

*Signed*: the answer can stop a product, so it counts only with a `refusal` that is signed and echoes the nonce of
the request. Without one the product takes the authority for unreachable and goes on in its grace.

| status | code | title | what to do | signed |
|---|---|---|---|---|
";

const OFFLINE: &str = "
## What the offline check finds

Printed by `licentia license verify` and told by the SDK; no network is needed to come to them. Online, a key that
cannot be verified is always `unknown_license`, whatever its fault.

| code | what it means | what to do |
|---|---|---|
";

/// One of each verdict.
fn verdicts() -> Vec<Invalid> {
    let product = |name: &str| name.to_owned();
    vec![
        Invalid::Malformed("…"),
        Invalid::Unrecognized,
        Invalid::UnknownKey,
        Invalid::BadSignature,
        Invalid::KeyCompromised,
        Invalid::SchemeDisabled,
        Invalid::WrongProduct { wanted: product("this"), found: product("other") },
        Invalid::NotYetValid { from: 0 },
        Invalid::Expired { at: 0 },
        Invalid::Revoked { at: 0, reason: None },
        Invalid::Suspended,
        Invalid::WrongMachine,
    ]
}

/// `docs/errors.md`.
fn reference() -> String {
    let mut text = format!("{HEAD}{ONLINE}");
    for code in Code::ALL {
        let signed = if code.is_refusal() { "yes" } else { "no" };
        let (status, title, advice) = (code.status(), code.title(), code.advice());
        text += &format!("| {status} | `{}` | {title} | {advice} | {signed} |\n", code.as_str());
    }
    text.push_str(OFFLINE);
    for verdict in verdicts() {
        text += &format!("| `{}` | {verdict} | {} |\n", verdict.code(), verdict.advice());
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE_DOCS is told to the test itself")]
fn the_reference_of_errors_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    if env::var("UPDATE_DOCS").is_ok() {
        fs::write(&path, reference()).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == reference(),
        "docs/errors.md is stale: UPDATE_DOCS=1 cargo test -p licentia-protocol"
    );
}

/// Whoever adds a verdict finds that the list here does not compile into the reference by itself.
#[test]
fn no_verdict_is_left_out() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../license/src/invalid.rs");
    let source = fs::read_to_string(source).unwrap();
    let arms =
        source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \""));
    let codes: BTreeSet<_> =
        arms.filter_map(|(_, code)| code.strip_suffix("\",")).filter(is_code).collect();
    let listed: BTreeSet<_> = verdicts().iter().map(Invalid::code).collect();
    assert_eq!(codes, listed);
}

fn is_code(text: &&str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[test]
fn every_code_reads_well_in_a_table() {
    for code in Code::ALL {
        for text in [code.title(), code.advice()] {
            assert!(!text.contains(['|', '\n']) && text.starts_with(char::is_uppercase), "{text}");
        }
        assert!(code.advice().ends_with('.') && !code.title().ends_with('.'), "{}", code.as_str());
    }
}
