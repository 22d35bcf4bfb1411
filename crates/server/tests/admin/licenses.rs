//! Licences over HTTP: made, looked at, changed in time, exported.

use serde_json::{Value, json};

use crate::support::{Served, send};

const LICENSES: &str = "/v1/admin/licenses";
const CATALOG: &str = "[product]\ncode = \"bzzz\"\nname = \"BZZZ\"\ndefault_plan = \"standard\"\n\n[[plan]]\n\
    code = \"standard\"\ntier = \"STANDARD\"\nrank = 2\nseats = 2\nfeatures = [\"a\"]\n\n[[plan]]\ncode = \"large\"\n\
    tier = \"LARGE\"\nrank = 3\nseats = 9\n";

async fn served() -> Served {
    let served = Served::new().await;
    served.test.import(CATALOG).await;
    served
}

fn new(email: &str) -> Value {
    json!({ "product": "bzzz", "email": email, "days": 30 })
}

fn path(license: &Value, verb: &str) -> String {
    format!("{LICENSES}/{}{verb}", license["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_licence_is_issued_once_and_every_fault_names_its_field() {
    let served = served().await;
    let issue =
        || served.by(&served.owner(), "POST", LICENSES).header("Idempotency-Key", "order 1");
    let one = send(issue().json(&new("ada@example.com"))).await;
    assert_eq!(one.status, 201);
    let two = send(issue().json(&new("ada@example.com"))).await;
    assert_eq!(one.body, two.body);
    send(issue().json(&new("grace@example.com"))).await.refused(422, "idempotency_key_reused");
    for (fault, field) in [
        (json!({ "product": "bzzz", "email": "nobody" }), "email"),
        (json!({ "product": "bzzz", "email": "a@b.c", "days": 0 }), "days"),
        (
            json!({ "product": "bzzz", "email": "a@b.c", "days": 1, "perpetual": true }),
            "expires_at",
        ),
        (
            json!({ "product": "bzzz", "email": "a@b.c", "expires_at": "2020-01-01T00:00:00Z" }),
            "expires_at",
        ),
        (json!({ "product": "bzzz", "email": "a@b.c", "scheme": "opaque" }), "scheme"),
        (json!({ "product": "bzzz", "email": "a@b.c", "bind": "x" }), "bind"),
        (json!({ "product": "bzzz", "email": "a@b.c", "name": "" }), "name"),
    ] {
        let problem = served.post(LICENSES, &fault).await.refused(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let missing =
        served.post(LICENSES, &json!({ "email": "a@b.c" })).await.refused(422, "malformed");
    assert_eq!(missing["errors"][0]["field"], "product");
    let nothing = json!({ "product": "none", "email": "a@b.c" });
    served.post(LICENSES, &nothing).await.refused(404, "no_such_resource");
    served.end().await;
}

#[tokio::test]
async fn a_change_is_of_the_version_that_was_read() {
    let served = served().await;
    let license = served.post(LICENSES, &new("ada@example.com")).await.done();
    let read = served.get(&path(&license, "")).await;
    let change = |tag: &str| {
        served
            .by(&served.owner(), "POST", &path(&license, "/change-plan"))
            .header("If-Match", tag)
            .json(&json!({ "plan": "large" }))
    };
    let tag = read.etag.unwrap();
    let changed = send(change(&tag)).await;
    assert_eq!((changed.status, &changed.body["plan"]), (200, &json!("large")));
    send(change(&tag)).await.refused(412, "precondition_failed");
    send(change("no tag")).await.refused(422, "malformed");
    let suspended =
        served.post(&path(&license, "/suspend"), &json!({ "reason": "x" })).await.done();
    assert_eq!(
        (&suspended["state"], &suspended["state_reason"]),
        (&json!("suspended"), &json!("x"))
    );
    served.post(&path(&license, "/suspend"), &json!({})).await.refused(409, "wrong_state");
    let long = json!({ "reason": "x".repeat(501) });
    served.post(&path(&license, "/cancel"), &long).await.refused(422, "invalid");
    served.end().await;
}

#[tokio::test]
async fn ten_thousand_and_one_are_too_many_and_one_that_is_wrong_keeps_all_out() {
    let served = served().await;
    let bulk = format!("{LICENSES}/bulk");
    let many = json!({ "licenses": [new("a@example.com"), new("b@example.com"), new("nobody")] });
    let problem = served.post(&bulk, &many).await.refused(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "licenses[2].email");
    let too_many = json!({ "count": 10_001, "like": new("a@example.com") });
    served.post(&bulk, &too_many).await.refused(422, "invalid");
    assert_eq!(served.get(LICENSES).await.done()["items"], json!([]));
    let reply = served.post(&bulk, &json!({ "count": 30, "like": new("a@example.com") })).await;
    assert_eq!(
        (reply.status, reply.headers["content-type"].to_str().unwrap()),
        (201, "application/x-ndjson")
    );
    let lines: Vec<Value> =
        reply.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 30);
    assert_eq!(served.get(&path(&lines[29], "")).await.done(), lines[29]);
    served.end().await;
}

#[tokio::test]
async fn lists_are_paged_narrowed_and_exported() {
    let served = served().await;
    for n in 0..7 {
        let mut one = new(&format!("customer{n}@example.com"));
        one["name"] = json!(if n == 3 { "=Formula, \"quoted\"" } else { "Plain" });
        served.post(LICENSES, &one).await.done();
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = served.get(&format!("{LICENSES}?limit=3{after}")).await.done();
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 7);
    let exported = served.get(&format!("{LICENSES}/export")).await;
    assert_eq!(exported.body.as_array().unwrap(), &seen, "one array, in the order of the list");
    let csv = served.get(&format!("{LICENSES}/export?format=csv&search=customer3")).await;
    assert!(csv.headers["content-disposition"].to_str().unwrap().contains("licenses.csv"));
    let lines: Vec<_> = csv.text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with("id,product,plan,tier,state,")
            && lines[1].contains("\"'=Formula, \"\"quoted\"\"\"")
    );
    for (query, status, code) in [
        ("?limit=0", 422, "invalid"),
        ("?after=x", 422, "invalid"),
        ("?state=lost", 422, "invalid"),
        ("?stat=active", 422, "malformed"),
        ("?limit=x", 422, "malformed"),
        ("?product=none", 404, "no_such_resource"),
        ("/export?format=xml", 422, "invalid"),
        ("/export?product=none", 404, "no_such_resource"),
    ] {
        served.get(&format!("{LICENSES}{query}")).await.refused(status, code);
    }
    for (list, items) in [
        ("customers", 7),
        ("activations", 0),
        ("usage", 0),
        ("revocations", 0),
        ("products", 1),
        ("plans", 2),
    ] {
        let page = served.get(&format!("/v1/admin/{list}")).await.done();
        assert_eq!(page["items"].as_array().unwrap().len(), items, "{list}");
    }
    for list in ["customers", "activations", "usage", "revocations"] {
        let csv = served.get(&format!("/v1/admin/{list}/export?format=csv")).await;
        assert!(csv.status == 200 && csv.text.contains("id"), "{csv:?}");
    }
    served.end().await;
}

#[tokio::test]
async fn the_catalogue_and_customers_are_made_and_changed() {
    let served = Served::new().await;
    let product = json!({ "code": "p", "name": "P", "default_plan": "a" });
    let made = served.post("/v1/admin/products", &product).await;
    assert_eq!(made.status, 201);
    served.post("/v1/admin/products", &product).await.refused(409, "already_exists");
    let plan = json!({ "product": "p", "code": "a", "tier": "A", "rank": 1, "seats": null });
    assert_eq!(served.post("/v1/admin/plans", &plan).await.done()["seats"], Value::Null);
    let patch = |path: &str, body: Value| {
        let request = served.by(&served.owner(), "PATCH", path).json(&body);
        async move { send(request).await }
    };
    let nodes = patch("/v1/admin/plans/p/a", json!({ "nodes": 5 })).await.done();
    assert_eq!((&nodes["nodes"], &nodes["seats"]), (&json!(5), &Value::Null));
    let unlimited = patch("/v1/admin/plans/p/a", json!({ "nodes": null })).await.done();
    assert_eq!(unlimited["nodes"], Value::Null, "null is told, absent is not");
    let grace = json!({ "email": "grace@example.com", "name": "Grace" });
    let grace = served.post("/v1/admin/customers", &grace).await.done();
    let path = format!("/v1/admin/customers/{}", grace["id"].as_str().unwrap());
    let edited = patch(&path, json!({ "name": null, "organization": "Navy" })).await.done();
    assert_eq!((&edited["name"], &edited["organization"]), (&Value::Null, &json!("Navy")));
    let toml = served
        .by(&served.owner(), "POST", "/v1/admin/products/import")
        .header("Content-Type", "application/toml");
    let imported = send(toml.body(CATALOG)).await.done();
    assert_eq!((&imported["created"], &imported["plans"]), (&json!(true), &json!(2)));
    let wrong =
        served.by(&served.owner(), "POST", "/v1/admin/products/import").body("[product]\ncode = 5");
    let problem = send(wrong).await.refused(422, "invalid");
    assert!(problem["detail"].as_str().unwrap().contains("Line 2"), "{problem}");
    served.end().await;
}

#[tokio::test]
async fn seats_are_released_and_revocations_listed() {
    let served = served().await;
    let license = served.post(LICENSES, &new("ada@example.com")).await.done();
    let body = json!({ "license_key": license["key"], "cluster_id": "c1", "nonce": "nonce-0001" });
    let activated = send(served.request("POST", "/v1/license/activate").json(&body)).await.done();
    let path_of = format!("/v1/admin/activations/{}", activated["activation_id"].as_str().unwrap());
    assert_eq!(served.get(&path_of).await.done()["live"], true);
    let support = served.token(&["activations:write"]).await;
    let released = send(served.by(&support, "POST", &format!("{path_of}/release"))).await.done();
    assert_eq!(released["live"], false);
    let revoke = json!({ "reason": "refund", "grace_s": 60 });
    served.post(&path(&license, "/revoke"), &revoke).await.done();
    let listed = served.get("/v1/admin/revocations").await.done();
    assert_eq!(listed["items"][0]["license_id"], license["id"]);
    assert_eq!(listed["items"][0]["grace_until"], "2026-01-01T00:01:00Z");
    served.end().await;
}
