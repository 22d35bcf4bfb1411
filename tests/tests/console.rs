//! The operators' console in Debian's Chromium: `tests/browser/*.mjs` press what there is to press and look it up in the
//! API. In each of them no request leaves the origin, nothing is on the browser's console, and no policy is violated.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

use licentia_tests::{Home, Server, checkout};

/// Runs a script against an authority of its own, of which nothing is known but the first token.
fn drive(script: &str) {
    let home = Home::empty();
    let set_up = home.run(&["init", "--json"]).done().json();
    let mut licentia = home.command();
    licentia.env("LICENTIA_PORTAL__NAME", "Acme GmbH").env("LICENTIA_PORTAL__COLOR", "#c2185b");
    licentia.env("LICENTIA_WEBHOOKS__ALLOW", "127.0.0.0/8");
    let server = Server::start(licentia);
    let modules = std::env::var_os("LICENTIA_TEST_NODE_MODULES")
        .map_or_else(|| checkout().join("target/node/node_modules"), PathBuf::from);
    assert!(
        modules.join("playwright-core").exists(),
        "{} lacks playwright-core: run ./scripts/test, which sets it up",
        modules.display()
    );
    let output = Command::new("node")
        .arg(checkout().join("tests/browser").join(script))
        .args([&server.url, set_up["api_token"].as_str().unwrap()])
        .arg(modules.parent().unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn each_action_is_done_through_its_page() {
    drive("actions.mjs");
}

#[test]
fn each_page_is_read_by_axe_in_both_languages_and_schemes() {
    drive("pages.mjs");
}

#[test]
fn a_customer_helps_himself_in_the_portal() {
    drive("portal.mjs");
}

#[test]
fn a_webhook_is_made_searched_and_sent_again_on_its_page() {
    drive("webhooks.mjs");
}

#[test]
fn a_release_goes_out_and_is_fetched_by_whom_it_is_for() {
    drive("releases.mjs");
}

/// `cargo test -p licentia-tests --test console -- --ignored`: pictures in `target/screenshots`.
#[test]
#[ignore = "makes pictures for people to look at"]
fn screenshots() {
    drive("screenshots.mjs");
}

#[test]
fn a_page_on_another_origin_changes_nothing() {
    drive("foreign.mjs");
}

#[test]
fn the_big_list_of_naughty_strings_is_inert_in_every_text_field() {
    drive("naughty.mjs");
}
