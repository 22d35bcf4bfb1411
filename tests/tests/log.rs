//! The log of the real program: a documented line a request, as text or as JSON, and nothing secret in either.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeSet;
use std::fs::File;

use licentia_tests::{Home, Server, catalog, checkout, heartbeat};
use serde_json::{Value, json};

/// What was asked, in order: method, route, status, code, and what it is about.
const ASKED: [(&str, &str, u16, Option<&str>, &str); 9] = [
    ("POST", "/v1/license/activate", 201, None, "[License]"),
    ("POST", "/v1/license/activate", 409, Some("no_free_seat"), "[License]"),
    ("POST", "/v1/license/heartbeat", 200, None, "[License]"),
    ("POST", "/v1/license/heartbeat", 401, Some("stale_generation"), "[AntiTamper]"),
    ("POST", "/v1/licenses/validate", 200, Some("unknown_license"), "[License]"),
    ("POST", "/v1/licenses/validate", 429, Some("rate_limited"), "[Policy]"),
    ("POST", "/v1/admin/licenses/{id}/suspend", 200, None, "[License]"),
    ("POST", "/v1/admin/licenses/{id}/suspend", 401, Some("unauthenticated"), "[Policy]"),
    ("POST", "other", 404, Some("not_found"), "[License]"),
];

/// A server that was asked all of it, and what it wrote; and what must be in none of it.
async fn asked(format: &str) -> (String, Vec<String>) {
    let home = Home::empty();
    let owner = home.run(&["init", "--json"]).done().json()["api_token"].clone();
    home.import(&catalog(1));
    let license = home.issue("p", "a");
    let log = home.path("log");
    let mut command = home.command();
    command.env("LICENTIA_LOG__FORMAT", format).env("RUST_LOG", "info,licentia::request=debug");
    command.env("LICENTIA_LIMITS__UNKNOWN_KEYS_PER_MINUTE", "1");
    let server = Server::start_as(command.stderr(File::create(&log).unwrap()));
    let key = &license["key"];
    let (status, activation) = server.activate(key, "cluster-of-ada", "nonce-0001").await;
    assert_eq!(status, 201, "{activation}");
    server.activate(key, "another-cluster", "nonce-0001").await;
    let beat = heartbeat(&activation, 1, "nonce-0002");
    assert_eq!(server.post("/v1/license/heartbeat", &beat).await.0, 200);
    let stale = heartbeat(&activation, 1, "nonce-0003");
    server.post("/v1/license/heartbeat", &stale).await;
    let guess = json!({ "license_key": "a-key-that-nobody-knows\n[License] forged" });
    server.post("/v1/licenses/validate", &guess).await;
    server.post("/v1/licenses/validate", &guess).await;
    let suspend = format!("/v1/admin/licenses/{}/suspend", license["id"].as_str().unwrap());
    let bearer = format!("Bearer {}", owner.as_str().unwrap());
    for bearer in [bearer.as_str(), "Bearer lap_wrong"] {
        server.send(&suspend, &[("authorization", bearer)], &json!({})).await;
    }
    server.post(&format!("/{}?key=a-secret-in-a-query", key.as_str().unwrap()), &json!({})).await;
    assert_eq!(server.terminate(), Some(0));
    let secrets = [key, &owner, &activation["access_token"], &activation["lease"]];
    let mut secrets: Vec<_> =
        secrets.iter().map(|text| text.as_str().unwrap().to_owned()).collect();
    secrets.extend(
        ["lap_wrong", "a-key-that-nobody-knows", "a-secret-in-a-query", "cluster-of-ada"]
            .map(str::to_owned),
    );
    (std::fs::read_to_string(log).unwrap(), secrets)
}

/// Fields of a request's line, as `docs/operating.md` tells them.
fn documented() -> BTreeSet<String> {
    let docs = std::fs::read_to_string(checkout().join("docs/operating.md")).unwrap();
    let (_, log) = docs.split_once("\n## Log\n").unwrap();
    let (log, _) = log.split_once("\n## ").unwrap();
    let rows = log.lines().filter(|line| line.starts_with("| `"));
    let names = rows.flat_map(|row| {
        row.split('|').nth(1).unwrap().split(',').map(str::to_owned).collect::<Vec<_>>()
    });
    names.map(|name| name.trim().trim_matches('`').to_owned()).collect()
}

#[tokio::test]
async fn m10_each_request_is_one_documented_line_of_json() {
    let (log, secrets) = asked("json").await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<_> =
        lines.iter().filter(|line| line["target"] == "licentia::request").collect();
    assert_eq!(requests.len(), ASKED.len(), "{log}");
    let mut seen = BTreeSet::new();
    for (line, (method, route, status, code, about)) in requests.iter().zip(ASKED) {
        assert_eq!(line["method"], method, "{line}");
        assert_eq!((&line["route"], &line["status"]), (&json!(route), &json!(status)), "{line}");
        assert_eq!(line.get("code"), code.map(Value::from).as_ref(), "{line}");
        assert_eq!(line["message"], format!("{about} request"), "{line}");
        assert_eq!(line["address"], "127.0.0.1", "{line}");
        assert!(line["micros"].as_u64().unwrap() > 0, "{line}");
        seen.extend(line.as_object().unwrap().keys().cloned());
    }
    assert_eq!(seen, documented());
    // The change itself, in the words of the trail.
    let suspended = lines.iter().find(|line| line["message"] == "[License] license.suspend");
    assert_eq!(suspended.unwrap()["actor"], "operator:owner", "{log}");
    let found =
        lines.iter().find(|line| line["message"] == "[AntiTamper] activation.clone_detected");
    assert_eq!(found.unwrap()["level"], "WARN", "{log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in {log}");
    }
}

#[tokio::test]
async fn m10_each_line_of_text_says_what_it_is_about() {
    let (log, secrets) = asked("text").await;
    let mut requests = Vec::new();
    for line in log.lines() {
        let mut words = line.split_whitespace();
        let at = words.next().unwrap();
        assert!(at.starts_with("20") && at.ends_with('Z') && at.contains('T'), "{line}");
        assert!(["DEBUG", "INFO", "WARN", "ERROR"].contains(&words.next().unwrap()), "{line}");
        let about = words.next().unwrap();
        assert!(
            ["[License]", "[AntiTamper]", "[Policy]", "[Integrity]"].contains(&about),
            "{line}"
        );
        if words.next() == Some("request") {
            requests.push((about.to_owned(), words.collect::<Vec<_>>().join(" ")));
        }
    }
    assert_eq!(requests.len(), ASKED.len(), "{log}");
    for ((about, fields), (method, route, status, code, wanted)) in requests.iter().zip(ASKED) {
        assert_eq!(about, wanted, "{fields}");
        let code = code.map(|code| format!(" code=\"{code}\"")).unwrap_or_default();
        let begins = format!("method=\"{method}\" route=\"{route}\" status={status}{code} micros=");
        assert!(fields.starts_with(&begins), "{fields}");
        assert!(fields.ends_with(" address=127.0.0.1"), "{fields}");
    }
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in {log}");
    }
}
