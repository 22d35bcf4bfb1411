//! The operators' console in Debian's Chromium: `tests/browser/*.mjs` press what there is to press and look it up in the
//! API. In each of them no request leaves the origin, nothing is on the browser's console, and no policy is violated.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use licentia_tests::foreign::python;
use licentia_tests::{Home, Server, binary, checkout};

/// Runs a script against an authority of its own, of which nothing is known but the first token.
fn drive(script: &str) {
    drive_with(script, &[], Stdio::null());
}

/// The same with these settings, and somebody who tells the script things.
fn drive_with(script: &str, settings: &[(&str, &str)], teller: Stdio) {
    let home = Home::empty();
    let issuer = ["init", "--json", "--issuer", "https://licenses.example.com"];
    let set_up = home.run(&issuer).done().json();
    let trust = home.path("trust.pem");
    std::fs::write(&trust, home.run(&["key", "export", "--public"]).done().stdout).unwrap();
    let logo = checkout().join("crates/server/src/console/assets/icon.svg");
    let mut licentia = home.command();
    licentia.env("LICENTIA_PORTAL__NAME", "Acme GmbH").env("LICENTIA_PORTAL__COLOR", "#c2185b");
    licentia.env("LICENTIA_PORTAL__LOGO", &logo);
    licentia.env("LICENTIA_WEBHOOKS__ALLOW", "127.0.0.0/8");
    licentia.envs(settings.iter().copied());
    let server = Server::start(licentia);
    let modules = modules();
    assert!(
        modules.join("playwright-core").exists(),
        "{} lacks playwright-core: run ./scripts/test, which sets it up",
        modules.display()
    );
    let output = Command::new("node")
        .arg(checkout().join("tests/browser").join(script))
        .args([&server.url, set_up["api_token"].as_str().unwrap()])
        .arg(modules.parent().unwrap())
        .envs(settings.iter().copied())
        .env("LICENTIA_TEST_BINARY", binary("licentia"))
        .env("LICENTIA_TEST_TRUST", &trust)
        .stdin(teller)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn modules() -> PathBuf {
    std::env::var_os("LICENTIA_TEST_NODE_MODULES")
        .map_or_else(|| checkout().join("target/node/node_modules"), PathBuf::from)
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

/// Against `oidc-provider` of npm, on another site.
#[test]
fn an_openid_provider_vouches_for_operators() {
    let mut provider = Command::new("node")
        .arg(checkout().join("tests/browser/provider.mjs"))
        .arg(modules())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // It warns that it is a development server.
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut issuer = String::new();
    let mut output = BufReader::new(provider.stdout.take().unwrap());
    output.read_line(&mut issuer).unwrap();
    drive_with(
        "oidc.mjs",
        &[
            ("LICENTIA_OIDC__ISSUER", issuer.trim()),
            ("LICENTIA_OIDC__CLIENT_ID", "licentia"),
            ("LICENTIA_OIDC__CLIENT_SECRET", "a secret: of the+test"),
            ("LICENTIA_OIDC__NAME", "Acme ID"),
        ],
        Stdio::null(),
    );
    // It ends with its standard input.
    drop(provider.stdin.take());
    assert!(provider.wait().unwrap().success());
}

/// The mails that the server sends go from a mail server of others into the script.
#[test]
fn a_customer_without_his_key_comes_in_by_a_mailed_link() {
    let mut smtp = Command::new(python())
        .arg(checkout().join("tests/foreign/smtp.py"))
        .arg("{}")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(smtp.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    drive_with(
        "mailed.mjs",
        &[
            ("LICENTIA_MAIL__SMTP_HOST", "localhost"),
            ("LICENTIA_MAIL__SMTP_PORT", &first["listening"].to_string()),
            ("LICENTIA_MAIL__SECURITY", "none"),
            ("LICENTIA_MAIL__FROM", "Acme <licenses@example.com>"),
        ],
        output.into_inner().into(),
    );
    smtp.kill().unwrap();
    smtp.wait().unwrap();
}

#[test]
fn a_machine_without_network_is_answered_in_console_and_portal() {
    drive("airgap.mjs");
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
    // With mail, the portal offers a link.
    let mail = [
        ("LICENTIA_MAIL__SMTP_HOST", "localhost"),
        ("LICENTIA_MAIL__FROM", "Acme <a@example.com>"),
    ];
    drive_with("screenshots.mjs", &mail, Stdio::null());
}

#[test]
fn a_page_on_another_origin_changes_nothing() {
    drive("foreign.mjs");
}

#[test]
fn the_big_list_of_naughty_strings_is_inert_in_every_text_field() {
    drive("naughty.mjs");
}
