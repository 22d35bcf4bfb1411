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

#[tokio::test]
async fn usage_is_told_in_all_and_by_hour_day_and_month() {
    let served = served().await;
    let license = served.post(LICENSES, &new("ada@example.com")).await.done();
    let body = json!({ "license_key": license["key"], "cluster_id": "c1", "nonce": "nonce-0001" });
    send(served.request("POST", "/v1/license/activate").json(&body)).await.done();
    // At 0, 1, 23, 24 and 30 o'clock, each time after one more activation, since a token does not live as long.
    for (n, wait) in [0, 3_600, 22 * 3_600, 3_600, 6 * 3_600].into_iter().enumerate() {
        served.test.clock.advance(wait);
        let again = json!({
            "license_key": license["key"], "cluster_id": "c1", "nonce": format!("again-{n:05}"),
            "generation": 2 * n + 1,
        });
        let seat = send(served.request("POST", "/v1/license/activate").json(&again)).await.done();
        let beat = json!({
            "activation_id": seat["activation_id"], "access_token": seat["access_token"],
            "token_version": seat["token_version"], "generation": 2 * n + 2,
            "nonce": format!("nonce-{n:05}"), "usage": { "cpu_hours": 10 + n, "jobs": 1 },
        });
        send(served.request("POST", "/v1/license/heartbeat").json(&beat)).await.done();
    }
    let usage = async |query: &str| -> Vec<(String, i64)> {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = served.get(&format!("/v1/admin/usage?limit=2{query}{after}")).await.done();
            for item in page["items"].as_array().unwrap() {
                assert_eq!(item["license_id"], license["id"]);
                let from = item["from"].as_str().unwrap_or("in all");
                let what = format!("{} {from}", item["meter"].as_str().unwrap());
                seen.push((what, item["amount"].as_i64().unwrap()));
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return seen,
            }
        }
    };
    let told = |rows: &[(&str, i64)]| {
        rows.iter().map(|(what, n)| ((*what).to_owned(), *n)).collect::<Vec<_>>()
    };
    let all = told(&[("cpu_hours in all", 60), ("jobs in all", 5)]);
    assert_eq!((usage("").await, usage("&per=total").await), (all.clone(), all));
    let days = [
        ("cpu_hours 2026-01-01T00:00:00Z", 33),
        ("cpu_hours 2026-01-02T00:00:00Z", 27),
        ("jobs 2026-01-01T00:00:00Z", 3),
        ("jobs 2026-01-02T00:00:00Z", 2),
    ];
    assert_eq!(usage("&per=day").await, told(&days));
    let of = format!("&per=month&license_id={}", license["id"].as_str().unwrap());
    assert_eq!(
        usage(&of).await,
        told(&[("cpu_hours 2026-01-01T00:00:00Z", 60), ("jobs 2026-01-01T00:00:00Z", 5)])
    );
    assert_eq!(usage("&per=hour").await.len(), 10);
    let narrow = "&per=day&since=2026-01-01T01:00:00Z&until=2026-01-02T00:00:00Z";
    let two = [("cpu_hours 2026-01-01T00:00:00Z", 23), ("jobs 2026-01-01T00:00:00Z", 2)];
    assert_eq!(usage(narrow).await, told(&two));
    let csv = served.get("/v1/admin/usage/export?format=csv&per=month").await;
    let lines: Vec<_> = csv.text.lines().collect();
    assert_eq!(lines[0], "license_id,meter,amount,from,until");
    assert!(
        lines[1].ends_with(",cpu_hours,60,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z"),
        "{}",
        lines[1]
    );
    for (query, code, field) in [
        ("?per=week", "invalid", "per"),
        ("?since=2026-01-01T00:00:00Z", "invalid", "since"),
        ("?per=day&until=noon", "malformed", "until"),
        ("?per=day&after=x", "invalid", "after"),
    ] {
        let problem = served.get(&format!("/v1/admin/usage{query}")).await.refused(422, code);
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    served.end().await;
}

/// Every resource of the protocol's page that is a list is handed out in parts, and whole as a file in either format.
#[tokio::test]
async fn every_list_is_paged_and_exported() {
    let served = served().await;
    for n in 0..3 {
        let license = served.post(LICENSES, &new(&format!("customer{n}@example.com"))).await.done();
        let body =
            json!({ "license_key": license["key"], "cluster_id": "c", "nonce": "nonce-0001" });
        let seat = send(served.request("POST", "/v1/license/activate").json(&body)).await.done();
        let beat = json!({
            "activation_id": seat["activation_id"], "access_token": seat["access_token"], "generation": 1,
            "token_version": seat["token_version"], "nonce": "nonce-0002", "usage": { "jobs": 1 },
        });
        send(served.request("POST", "/v1/license/heartbeat").json(&beat)).await.done();
        served.post(&path(&license, "/revoke"), &json!({})).await.done();
        served.operator(&format!("operator-{n}"), "operator").await;
        served.session(&format!("operator-{n}")).await;
        served.token(&["admin"]).await;
        let product = json!({ "code": format!("q{n}"), "name": "Q", "default_plan": "a" });
        served.post("/v1/admin/products", &product).await.done();
    }
    for (list, about, least) in [
        ("products", "code", 4),
        ("plans", "code", 2),
        ("customers", "id", 3),
        ("licenses", "id", 3),
        ("activations", "id", 3),
        ("revocations", "license_id", 3),
        ("usage", "license_id", 3),
        ("operators", "id", 4),
        ("tokens", "id", 4),
        ("sessions", "id", 3),
        ("audit", "seq", 20),
    ] {
        let (mut parts, mut after) = (Vec::new(), String::new());
        loop {
            let page = served.get(&format!("/v1/admin/{list}?limit=1{after}")).await.done();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 1, "{list}");
            parts.extend(items.iter().map(|item| item[about].clone()));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert!(parts.len() >= least, "{list}: {parts:?}");
        let export = format!("/v1/admin/{list}/export");
        let file = served.get(&export).await;
        let whole: Vec<_> =
            file.body.as_array().unwrap().iter().map(|item| item[about].clone()).collect();
        assert_eq!(whole, parts, "{list}");
        let csv = served.get(&format!("{export}?format=csv")).await;
        assert_eq!(csv.text.lines().count(), parts.len() + 1, "{list}: {}", csv.text);
        assert!(csv.text.lines().next().unwrap().split(',').any(|name| name == about), "{list}");
        assert!(
            csv.headers["content-disposition"].to_str().unwrap().contains(&format!("{list}.csv"))
        );
        assert!(!csv.text.contains("las_") && !file.text.contains("las_"), "{list}");
        served.get(&format!("{export}?format=xml")).await.refused(422, "invalid");
        served.get(&format!("/v1/admin/{list}?limit=0")).await.refused(422, "invalid");
        served.get(&format!("/v1/admin/{list}?after=x")).await.refused(422, "invalid");
    }
    served.end().await;
}
