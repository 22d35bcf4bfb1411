//! The spine, played by hand: serve an empty directory, then command line and HTTP.

use licentia_tests::{Home, claims, heartbeat};
use serde_json::{Value, json};

#[tokio::test]
async fn issue_activate_heartbeat_suspend_resume_and_activate_again() {
    let home = Home::empty();
    let server = home.serve();
    let catalog = licentia_tests::checkout().join("examples/catalogs/bzzz.toml");
    let _ = home.run(&["product", "import", &catalog.display().to_string()]).done();
    let license = home.issue("bzzz", "standard");
    let id = license["id"].as_str().unwrap();
    assert_eq!(license["state"], "active");

    let (status, first) = server.activate(&license["key"], "c1", "nonce-0001").await;
    assert_eq!(
        (status, &first["tier"], &first["license_type"]),
        (201, &json!("STANDARD"), &json!("standard"))
    );
    assert_eq!((&first["max_nodes"], &first["heartbeat_interval_s"]), (&json!(10), &json!(900)));
    let lease = claims(&first["lease"]);
    assert_eq!((&lease["nonce"], &lease["generation"]), (&json!("nonce-0001"), &json!(1)));

    let (status, answer) =
        server.post("/v1/license/heartbeat", &heartbeat(&first, 1, "nonce-0002")).await;
    assert_eq!(status, 200);
    assert_ne!(answer["server_nonce"], first["server_nonce"]);
    assert_eq!(claims(&answer["lease"])["generation"], 2);

    let suspended = home.run(&["license", "suspend", id, "--json"]).done().json();
    assert_eq!(suspended["state"], "suspended");
    let (status, problem) =
        server.post("/v1/license/heartbeat", &heartbeat(&first, 2, "nonce-0003")).await;
    assert_eq!((status, &problem["code"]), (403, &json!("suspended")));
    let refusal = claims(&problem["refusal"]);
    assert_eq!((&refusal["code"], &refusal["nonce"]), (&json!("suspended"), &json!("nonce-0003")));
    assert_eq!(server.activate(&license["key"], "c1", "nonce-0004").await.0, 403);

    let _ = home.run(&["license", "resume", id]).done();
    let (status, problem) =
        server.post("/v1/license/heartbeat", &heartbeat(&first, 2, "nonce-0005")).await;
    assert_eq!((status, &problem["code"]), (401, &json!("stale_token_version")));
    assert_eq!(problem["refusal"], Value::Null);
    let (status, again) = server.activate(&license["key"], "c1", "nonce-0006").await;
    assert_eq!((status, &again["token_version"]), (200, &json!(2)));
    assert_eq!(again["activation_id"], first["activation_id"]);

    let back =
        json!({ "activation_id": again["activation_id"], "access_token": again["access_token"] });
    assert_eq!(server.post("/v1/license/deactivate", &back).await.0, 204);
    assert_eq!(server.post("/v1/license/deactivate", &back).await.0, 204);

    let _ = home.run(&["license", "revoke", id, "--reason", "refund"]).done();
    let (status, problem) = server.activate(&license["key"], "c1", "nonce-0007").await;
    assert_eq!((status, &problem["code"]), (403, &json!("revoked")));
    let (status, verdict) =
        server.post("/v1/licenses/validate", &json!({ "license_key": license["key"] })).await;
    assert_eq!(
        (status, &verdict["valid"], &verdict["code"]),
        (200, &json!(false), &json!("revoked"))
    );

    let report = home.run(&["audit", "verify", "--json"]).done().json();
    assert_eq!(report["valid"], true);
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test]
async fn what_anybody_may_read_and_what_is_not_there() {
    let home = Home::empty();
    let server = home.serve();
    assert_eq!(server.get("/health").await.1["status"], "healthy");
    assert_eq!(server.get("/ready").await, (200, json!({ "status": "ready", "warnings": [] })));
    let (_, jwks) = server.get("/.well-known/jwks.json").await;
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 6);
    let (_, keyset) = server.get("/keyset.json").await;
    assert_eq!(claims(&keyset["keyset"])["version"], 1);

    let (status, problem) = server.get("/nowhere").await;
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    let (status, problem) = server.get("/v1/license/activate").await;
    assert_eq!((status, &problem["code"]), (405, &json!("method_not_allowed")));
    let (status, problem) = server.get("/v1/license/events").await;
    assert_eq!((status, &problem["code"]), (401, &json!("invalid_token")));
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong_and_nothing_is_quoted_back() {
    let home = Home::empty();
    let server = home.serve();
    let key = "eyJ-a-secret-key";
    let too_long = "x".repeat(70_000);
    for (body, status, says) in [
        (json!({}), 422, "`license_key`"),
        (json!({ "license_key": key, "cluster_id": "c" }), 422, "`nonce`"),
        (json!({ "license_key": key, "cluster_id": "c", "nonce": "short" }), 422, "`nonce`"),
        (json!({ "license_key": key, "cluster_id": "", "nonce": "12345678" }), 422, "`cluster_id`"),
        (
            json!({ "license_key": key, "cluster_id": "a\u{7}", "nonce": "12345678" }),
            422,
            "`cluster_id`",
        ),
        (json!({ "license_key": key, "cluster_id": 7, "nonce": "12345678" }), 422, "`cluster_id`"),
        (
            json!({ "license_key": key, "cluster_id": "c", "nonce": "12345678", "nodes": -1 }),
            422,
            "`nodes`",
        ),
        (json!({ "license_key": too_long, "cluster_id": "c", "nonce": "12345678" }), 413, "64 KiB"),
        (
            json!({ "license_key": key, "cluster_id": "c", "nonce": "12345678" }),
            404,
            "missing characters",
        ),
        (
            json!({ "license_key": "", "cluster_id": "c", "nonce": "12345678" }),
            404,
            "missing characters",
        ),
    ] {
        let (got, problem) = server.post("/v1/license/activate", &body).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!(got, status, "{body}");
        assert!(detail.contains(says), "{detail}");
        assert!(!problem.to_string().contains(key), "{problem}");
    }
}

#[tokio::test]
async fn the_command_line_and_the_server_write_to_one_database_at_once() {
    let home = Home::with_catalog(&licentia_tests::catalog(100));
    let license = home.issue("p", "a");
    let server = home.serve();
    let issuing = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..4).map(|_| scope.spawn(|| home.issue("p", "a"))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect::<Vec<_>>()
    });
    for n in 0..20 {
        let (status, answer) =
            server.activate(&license["key"], &format!("c{n}"), "nonce-0001").await;
        assert_eq!(status, 201, "{answer}");
    }
    assert_eq!(issuing.len(), 4);
    let listed = home.run(&["license", "list", "--json"]).done();
    assert_eq!(listed.stdout.lines().count(), 5);
    assert_eq!(home.run(&["audit", "verify"]).status, 0);
}
