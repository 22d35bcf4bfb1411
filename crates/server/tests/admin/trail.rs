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
/// Whose routes must all be in the story.
const RESOURCES: &[&str] = &[
    "products",
    "plans",
    "customers",
    "licenses",
    "activations",
    "keys",
    "operators",
    "sessions",
    "tokens",
    "jobs",
    "pull-tokens",
];
/// Whose entries say what was done, but not yet what was before.
const LATER: &[&str] = &["/erase", "/licenses/import", "/maintain", "/renewal-link"];
const CATALOG: &str = "[product]\ncode = \"p\"\nname = \"P\"\ndefault_plan = \"a\"\n\n[[plan]]\ncode = \"a\"\n\
    tier = \"A\"\nrank = 1\nseats = 2\ntrial = \"30d\"\n\n[[plan]]\ncode = \"b\"\ntier = \"B\"\nrank = 2\nseats = 2\n";

/// Everything that changes something, done once.
struct Story {
    served: Served,
    /// Method and path, as the reference has them.
    told: BTreeSet<(String, String)>,
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
        let request = self.served.by(by, method, &url).header("if-match", "*");
        let request = match &body {
            Value::String(toml) => request.body(toml.clone()),
            body => request.json(body),
        };
        let done = send(request).await.done();
        let fresh = self.entries(before).await;
        assert!(!fresh.is_empty(), "{method} {path} left nothing in the trail");
        for entry in fresh {
            is_whole(&entry);
        }
        self.told.insert((method.to_owned(), format!("{ADMIN}{path}")));
        done
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

fn changing_routes() -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(&reference()).unwrap();
    let mut all = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys().filter(|method| *method != "get");
        // What was added later tells its story in a test of its own.
        let of = path.strip_prefix(ADMIN).and_then(|rest| rest.split('/').nth(1));
        let later = LATER.iter().any(|end| path.ends_with(end));
        if !later && of.is_some_and(|resource| RESOURCES.contains(&resource)) {
            all.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
        }
    }
    all
}

fn id(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn b11_every_change_that_has_a_route_is_in_the_trail_with_before_and_after() {
    let served = Served::new().await;
    keyfile::write_pair(served.test.folder.path(), "root", &root().into(), None).unwrap();
    let mut story = Story { served, told: BTreeSet::new() };
    catalogue_and_customers(&mut story).await;
    licences(&mut story).await;
    credentials(&mut story).await;
    keys(&mut story).await;
    side_effects(&mut story).await;
    let missing: Vec<_> =
        changing_routes().into_iter().filter(|route| !story.told.contains(route)).collect();
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
    story.does("POST", "/products/{code}/grace", &["p"], json!({ "for_s": 3600 })).await;
    let one = id(&license);
    let foreign = json!({ "key": "MRR-2025-ABCDEF" });
    story.does("POST", "/licenses/{id}/import-key", &[&one], foreign).await;
    for (method, verb, body) in [
        ("POST", "suspend", json!({ "reason": "unpaid" })),
        ("POST", "resume", json!({})),
        ("POST", "renew", json!({ "days": 30 })),
        ("POST", "change-plan", json!({ "plan": "b" })),
        ("PUT", "addons", json!({ "seats": 7 })),
        ("POST", "transfer", json!({ "email": "grace@example.com" })),
        ("POST", "reissue", json!({})),
        ("POST", "revoke", json!({ "reason": "refund", "grace_s": 60 })),
    ] {
        story.does(method, &format!("/licenses/{{id}}/{verb}"), &[&one], body).await;
    }
    let trial = json!({ "product": "p", "plan": "a", "email": "eve@example.com", "trial": true });
    let trial = id(&story.does("POST", "/licenses", &[], trial).await);
    story.does("POST", "/licenses/{id}/convert", &[&trial], json!({ "days": 365 })).await;
    story.does("POST", "/licenses/{id}/cancel", &[&trial], json!({ "reason": "moved" })).await;
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
