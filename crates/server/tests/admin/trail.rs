//! The audit trail of every change that there is a route for, taken from the reference of the API.

use std::collections::BTreeSet;

use licentia_authority::jobs::{Backoff, NewJob, Outcome};
use licentia_issue::keyfile;
use licentia_server::openapi::reference;
use licentia_testing::root;
use serde_json::{Value, json};

use crate::sessions::shown;
use crate::support::{Served, password, send};

const ADMIN: &str = "/v1/admin";
/// What changes nothing that the trail is about.
const UNTOLD: &[(&str, &str)] = &[
    (
        "PUT /artifacts/{id}/parts/{part}",
        "bytes on their way; the file is told of once it is whole",
    ),
    ("POST /artifacts/{id}/link", "writes nothing; the download is told of"),
    ("POST /revocations/refresh", "reads a text, which tells by itself what came of it"),
];
/// What takes no idempotency key, and why a repetition does no harm.
const NOT_ONCE: &[(&str, &str)] = &[
    ("POST /sessions", "a log-in: nobody is known yet whose key it could be"),
    (
        "PUT /operators/{id}/password",
        "wants the password each time; the same once more is the same",
    ),
    (
        "POST /operators/{id}/codes",
        "wants the password each time; only the last secret can be confirmed",
    ),
    ("PUT /operators/{id}/codes", "wants a code, which counts once"),
    ("DELETE /operators/{id}/codes", "wants the password each time; what is gone stays gone"),
    ("PUT /artifacts/{id}/parts/{part}", "the same part once more is the same part"),
    ("POST /artifacts/{id}/link", "writes nothing"),
    ("POST /revocations/refresh", "reads a text that may be another one by now"),
];
/// Whose rows are written by requests alone, and not by jobs.
const TABLES: &[&str] = &[
    "audit",
    "products",
    "plans",
    "customers",
    "licenses",
    "license_keys",
    "activations",
    "seats",
    "operators",
    "api_tokens",
    "pull_tokens",
    "sessions",
    "webhooks",
    "releases",
    "artifacts",
    "signing_keys",
    "revocations",
    "idempotency_keys",
];
const CATALOG: &str = "[product]\ncode = \"p\"\nname = \"P\"\ndefault_plan = \"a\"\n\n[[plan]]\ncode = \"a\"\n\
    tier = \"A\"\nrank = 1\nseats = 2\ntrial = \"30d\"\n\n[[plan]]\ncode = \"b\"\ntier = \"B\"\nrank = 2\nseats = 2\n";

/// Everything that changes something, done once.
struct Story {
    served: Served,
    /// Method and path, as the reference has them.
    told: BTreeSet<(String, String)>,
    /// Which routes take an idempotency key.
    once: BTreeSet<(String, String)>,
    keys: usize,
}

impl Story {
    /// Does something; the change must be in the trail by the time it is answered. `names` go where the path has its
    /// parameters.
    async fn does(&mut self, method: &str, path: &str, names: &[&str], body: Value) -> Value {
        let by = self.served.owner();
        self.does_by(&by, method, path, names, body).await
    }

    async fn does_by(
        &mut self,
        by: &str,
        method: &str,
        path: &str,
        names: &[&str],
        body: Value,
    ) -> Value {
        let before = self.newest().await;
        let mut url = format!("{ADMIN}{path}");
        for name in names {
            let (from, to) = (url.find('{').unwrap(), url.find('}').unwrap());
            url.replace_range(from..=to, name);
        }
        let route = (method.to_owned(), format!("{ADMIN}{path}"));
        self.keys += 1;
        let key = self.once.contains(&route).then(|| format!("story-{}", self.keys));
        let request = || {
            let mut request = self.served.by(by, method, &url).header("if-match", "*");
            if let Some(key) = &key {
                request = request.header("idempotency-key", key);
            }
            match &body {
                Value::String(toml) => request.body(toml.clone()),
                body => request.json(body),
            }
        };
        let first = send(request()).await;
        let status = first.status;
        let done = first.done();
        if key.is_some() {
            // The same once more is the same answer, and nothing is written but that a token was shown again.
            let mut written = self.written();
            written[0].1 += i64::from(
                done.get("token").is_some_and(|_| method == "POST" && path.ends_with("tokens")),
            );
            let again = send(request()).await;
            assert_eq!(again.status, status, "{method} {path}: {again:?}");
            assert_eq!(without_secret(again.body), without_secret(done.clone()), "{method} {path}");
            assert_eq!(self.written(), written, "{method} {path} wrote twice");
        }
        let fresh = self.entries(before).await;
        assert!(!fresh.is_empty(), "{method} {path} left nothing in the trail");
        for entry in fresh {
            is_whole(&entry);
        }
        self.told.insert(route);
        done
    }

    /// How many rows there are of everything, as an operator with a shell counts them.
    fn written(&self) -> Vec<(&'static str, i64)> {
        let path = self.served.test.folder.path().join("licentia.db");
        let database = rusqlite::Connection::open(path).unwrap();
        let count = |table: &&'static str| {
            let sql = format!("SELECT count(*) FROM {table}");
            (*table, database.query_row(&sql, [], |row| row.get(0)).unwrap())
        };
        TABLES.iter().map(count).collect()
    }

    async fn newest(&self) -> u64 {
        let page = self.served.get(&format!("{ADMIN}/audit?limit=1")).await.done();
        page["items"][0]["seq"].as_u64().unwrap()
    }

    async fn entries(&self, after: u64) -> Vec<Value> {
        let page = self.served.get(&format!("{ADMIN}/audit?limit=50")).await.done();
        let all = page["items"].as_array().unwrap().clone();
        all.into_iter().filter(|entry| entry["seq"].as_u64().unwrap() > after).collect()
    }
}

/// Who, from where, when, what, of what, and how it was and is.
fn is_whole(entry: &Value) {
    assert!(entry["actor"].as_str().unwrap().starts_with("operator:"), "{entry}");
    assert_eq!(entry["origin"], "127.0.0.1", "{entry}");
    assert_eq!(entry["at"], "2026-01-01T00:00:00Z", "{entry}");
    assert!(entry["subject"].as_str().unwrap().len() > 3, "{entry}");
    let details = entry["details"].as_object().unwrap();
    let said =
        |side: &str| details.keys().any(|key| key == side || key.starts_with(&format!("{side}.")));
    assert!(said("before") && said("after"), "{entry}");
    if let (Some(before), Some(after)) = (details.get("before"), details.get("after")) {
        assert_ne!(before, after, "{entry}");
    }
}

/// An answer but for what is made anew for it: a token is kept by nobody.
fn without_secret(mut answer: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("token").and(fields.remove("prefix"));
    }
    answer
}

/// Every route that changes something, and whether it takes an idempotency key.
fn changing_routes() -> Vec<(String, String, bool)> {
    let document: Value = serde_json::from_str(&reference()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with(&format!("{ADMIN}/")) {
            continue;
        }
        for (method, operation) in item.as_object().unwrap().iter().filter(|(m, _)| *m != "get") {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let once = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
            all.push((method.to_uppercase(), path.clone(), once));
        }
    }
    all
}

fn is_among(list: &[(&str, &str)], method: &str, path: &str) -> bool {
    list.iter().any(|(route, _)| route.split_once(' ') == Some((method, &path[ADMIN.len()..])))
}

#[test]
fn d13_every_route_that_changes_something_takes_an_idempotency_key_or_has_a_reason() {
    let routes = changing_routes();
    for (method, path, once) in &routes {
        assert_ne!(*once, is_among(NOT_ONCE, method, path), "{method} {path}");
    }
    for (route, _) in NOT_ONCE.iter().chain(UNTOLD) {
        let (method, path) = route.split_once(' ').unwrap();
        let is = |(m, p, _): &(String, String, bool)| m == method && p[ADMIN.len()..] == *path;
        assert!(routes.iter().any(is), "{route} is no route");
    }
}

fn id(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn b11_d13_every_change_that_has_a_route_is_in_the_trail_with_before_and_after_and_is_made_once()
 {
    let served = Served::new().await;
    keyfile::write_pair(served.test.folder.path(), "root", &root().into(), None).unwrap();
    let once = changing_routes().into_iter().filter(|(.., once)| *once);
    let once = once.map(|(method, path, _)| (method, path)).collect();
    let mut story = Story { served, told: BTreeSet::new(), once, keys: 0 };
    catalogue_and_customers(&mut story).await;
    licences(&mut story).await;
    credentials(&mut story).await;
    keys(&mut story).await;
    side_effects(&mut story).await;
    releases(&mut story).await;
    webhooks_and_revocations(&mut story).await;
    let routes = changing_routes().into_iter().map(|(method, path, _)| (method, path));
    let missing: Vec<_> = routes
        .filter(|(method, path)| !is_among(UNTOLD, method, path))
        .filter(|route| !story.told.contains(route))
        .collect();
    assert!(missing.is_empty(), "this story does not do them yet, add them to it: {missing:?}");
    assert!(story.served.test.authority.verify_audit().await.unwrap().valid);
    story.served.end().await;
}

async fn catalogue_and_customers(story: &mut Story) {
    story.does("POST", "/products/import", &[], json!(CATALOG)).await;
    let again = json!(CATALOG.replace("seats = 2", "seats = 3"));
    story.does("POST", "/products/import", &[], again).await;
    let product = json!({ "code": "q", "name": "Q", "default_plan": "a" });
    story.does("POST", "/products", &[], product).await;
    story.does("PATCH", "/products/{code}", &["q"], json!({ "name": "Queue" })).await;
    let plan = json!({ "product": "q", "code": "a", "tier": "A", "rank": 1, "seats": 1 });
    story.does("POST", "/plans", &[], plan).await;
    story.does("PATCH", "/plans/{product}/{code}", &["q", "a"], json!({ "seats": 4 })).await;
    let grace = json!({ "email": "grace@example.com", "name": "Grace" });
    let grace = story.does("POST", "/customers", &[], grace).await;
    story.does("PATCH", "/customers/{id}", &[&id(&grace)], json!({ "name": "G. Hopper" })).await;
}

async fn licences(story: &mut Story) {
    let new = json!({ "product": "p", "email": "ada@example.com", "days": 30 });
    let license = story.does("POST", "/licenses", &[], new.clone()).await;
    story.does("POST", "/licenses/bulk", &[], json!({ "count": 2, "like": new })).await;
    let body = json!({ "license_key": license["key"], "cluster_id": "c1", "nonce": "nonce-0001" });
    let seat = send(story.served.request("POST", "/v1/license/activate").json(&body)).await.done();
    let seat = seat["activation_id"].as_str().unwrap();
    story.does("POST", "/activations/{id}/release", &[seat], json!({})).await;
    let waiver = json!({ "for_s": 3600, "reason": "a move", "by": "ada@example.com" });
    story.does("POST", "/products/{code}/waive", &["p"], waiver).await;
    let key = format!("story-{}", story.keys);
    let other = json!({ "for_s": 3600, "reason": "another", "by": "ada@example.com" });
    let path = format!("{ADMIN}/products/p/waive");
    let other = story.served.by(&story.served.owner(), "POST", &path).json(&other);
    send(other.header("idempotency-key", key)).await.refused(422, "idempotency_key_reused");
    story.does("POST", "/products/{code}/grace", &["p"], json!({ "for_s": 3600 })).await;
    let one = id(&license);
    let foreign = json!({ "key": "MRR-2025-ABCDEF" });
    story.does("POST", "/licenses/{id}/import-key", &[&one], foreign).await;
    for (method, verb, body) in [
        ("POST", "suspend", json!({ "reason": "unpaid" })),
        ("POST", "resume", json!({})),
        ("POST", "renew", json!({ "days": 30 })),
        ("POST", "maintain", json!({ "days": 365 })),
        ("POST", "renewal-link", json!({ "days": 30 })),
        ("POST", "change-plan", json!({ "plan": "b" })),
        ("PUT", "addons", json!({ "seats": 7 })),
        ("POST", "transfer", json!({ "email": "grace@example.com" })),
        ("POST", "reissue", json!({})),
        ("POST", "replace-key", json!({ "reason": "leaked" })),
        ("POST", "revoke", json!({ "reason": "refund", "grace_s": 60 })),
    ] {
        story.does(method, &format!("/licenses/{{id}}/{verb}"), &[&one], body).await;
    }
    let trial = json!({ "product": "p", "plan": "a", "email": "eve@example.com", "trial": true });
    let trial = id(&story.does("POST", "/licenses", &[], trial).await);
    story.does("POST", "/licenses/{id}/convert", &[&trial], json!({ "days": 365 })).await;
    story.does("POST", "/licenses/{id}/cancel", &[&trial], json!({ "reason": "moved" })).await;
    let row = json!({ "key": "MRR-2025-GHIJKL", "email": "old@example.com", "days": 30 });
    story.does("POST", "/licenses/import", &[], json!({ "product": "p", "rows": [row] })).await;
    let trial = story.served.get(&format!("{ADMIN}/licenses/{trial}")).await.done();
    let eve = trial["customer"]["id"].as_str().unwrap();
    story.does("POST", "/customers/{id}/erase", &[eve], json!({ "end_licenses": true })).await;
}

async fn credentials(story: &mut Story) {
    let body = json!({ "name": "ada", "role": "support", "password": password("ada") });
    let ada = id(&story.does("POST", "/operators", &[], body).await);
    story.does("PATCH", "/operators/{id}", &[&ada], json!({ "role": "operator" })).await;
    let before = story.newest().await;
    let session = story.served.log_in("ada", &password("ada"), None).await.done();
    story.entries(before).await.iter().for_each(is_whole);
    story.told.insert(("POST".into(), format!("{ADMIN}/sessions")));
    let own = session["token"].as_str().unwrap();
    let body = json!({ "password": password("ada") });
    let begun = story.does_by(own, "POST", "/operators/{id}/codes", &[&ada], body).await;
    let code = shown(begun["secret"].as_str().unwrap(), story.served.test.authority.now());
    story.does_by(own, "PUT", "/operators/{id}/codes", &[&ada], json!({ "code": code })).await;
    story.does("DELETE", "/operators/{id}/codes", &[&ada], json!({})).await;
    story.does("DELETE", "/sessions/{id}", &[&id(&session)], json!({})).await;
    let other = json!({ "password": "quite another password" });
    story.does("PUT", "/operators/{id}/password", &[&ada], other).await;
    let license = story.served.get(&format!("{ADMIN}/licenses?limit=1")).await.done();
    let license = id(&license["items"][0]);
    let pull = json!({ "name": "pipeline" });
    let pull = story.does("POST", "/licenses/{id}/pull-tokens", &[&license], pull).await;
    story.does("DELETE", "/pull-tokens/{id}", &[&id(&pull)], json!({})).await;
    let token = json!({ "name": "pipeline", "scopes": ["licenses:read"] });
    let token = id(&story.does("POST", "/tokens", &[], token).await);
    story.does("DELETE", "/tokens/{id}", &[&token], json!({})).await;
    story.does("DELETE", "/operators/{id}", &[&ada], json!({})).await;
}

async fn side_effects(story: &mut Story) {
    let authority = &story.served.test.authority;
    let new = NewJob { kind: "test", event: "event".into(), ..NewJob::default() };
    assert!(authority.queue_job(new).await.unwrap());
    let job = authority.claim_jobs("test", 1).await.unwrap().remove(0);
    let outcome = Outcome::Hopeless("no such mailbox".into());
    authority.settle_job(&job, outcome, Backoff::MAIL).await.unwrap();
    story.does("POST", "/jobs/{id}/resend", &[&job.id.to_string()], json!({})).await;
}

async fn releases(story: &mut Story) {
    let release = id(&story
        .does("POST", "/releases", &[], json!({ "product": "p", "version": "1.0.0" }))
        .await);
    let file = |name: &str| {
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        json!({ "name": name, "size": 3, "sha256": sha256 })
    };
    let announce = "/releases/{id}/artifacts";
    let wrong = id(&story.does("POST", announce, &[&release], file("wrong.bin")).await);
    story.does("DELETE", "/artifacts/{id}", &[&wrong], json!({})).await;
    let right = id(&story.does("POST", announce, &[&release], file("app.bin")).await);
    let part = format!("{ADMIN}/artifacts/{right}/parts/0");
    let part = story.served.by(&story.served.owner(), "PUT", &part).body("abc");
    send(part).await.done();
    story.does("POST", "/artifacts/{id}/complete", &[&right], json!({})).await;
    story.does("POST", "/releases/{id}/publish", &[&release], json!({})).await;
    story.does("POST", "/releases/{id}/yank", &[&release], json!({ "reason": "broken" })).await;
}

async fn webhooks_and_revocations(story: &mut Story) {
    let hook = json!({ "url": "https://example.com/hook", "events": [] });
    let hook = id(&story.does("POST", "/webhooks", &[], hook).await);
    story.does("PATCH", "/webhooks/{id}", &[&hook], json!({ "description": "of the till" })).await;
    story.does("POST", "/webhooks/{id}/rotate", &[&hook], json!({})).await;
    story.does("POST", "/webhooks/{id}/test", &[&hook], json!({})).await;
    story.does("DELETE", "/webhooks/{id}", &[&hook], json!({})).await;
    let key = "somebody-elses-key";
    let revoke = json!({ "key_id": key, "reason": "other" });
    story.does("POST", "/revocations", &[], revoke).await;
    story.does("POST", "/revocations/{key_id}/lift", &[key], json!({})).await;
}

async fn keys(story: &mut Story) {
    let keys = story.served.get(&format!("{ADMIN}/keys")).await.done();
    let signer =
        keys["items"].as_array().unwrap().iter().find(|key| key["purposes"] == json!(["license"]));
    let signer = signer.unwrap()["kid"].as_str().unwrap().to_owned();
    let rotate = json!({ "purpose": "license", "at_once": true });
    story.does("POST", "/keys/rotate", &[], rotate).await;
    story.does("POST", "/licenses/reissue", &[], json!({ "signed_by": signer })).await;
    story.does("POST", "/keys/{kid}/retire", &[&signer], json!({})).await;
    story.does("POST", "/keys/{kid}/compromise", &[&signer], json!({})).await;
}
