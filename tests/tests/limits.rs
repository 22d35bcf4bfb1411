//! Limits and idempotency keys over HTTP, and what a stranger learns about keys that are not his.

use std::process::Stdio;

use licentia_tests::{Home, Server, catalog, heartbeat};
use serde_json::{Value, json};

fn serve(home: &Home, settings: &[(&str, &str)]) -> Server {
    let mut command = home.command();
    for (name, value) in settings {
        command.env(format!("LICENTIA_{name}"), value);
    }
    Server::start_as(command.stderr(Stdio::null()))
}

fn activation(key: &Value, cluster: &str, nonce: &str) -> Value {
    json!({ "license_key": key, "cluster_id": cluster, "nonce": nonce })
}

#[tokio::test]
async fn m10_who_tries_keys_is_told_to_wait_and_the_neighbours_are_not() {
    let home = Home::with_catalog(&catalog(5));
    let key = home.issue("p", "a")["key"].clone();
    let server = serve(&home, &[("LIMITS__UNKNOWN_KEYS_PER_MINUTE", "3")]);
    let (status, held) = server.activate(&key, "one", "nonce-0001").await;
    assert_eq!(status, 201);
    let guess = |n: u32| json!(format!("ACME-GUESS-{n:05}"));
    for n in 0..3 {
        assert_eq!(server.activate(&guess(n), "x", "nonce-0002").await.0, 404);
    }
    let limited =
        server.send("/v1/license/activate", &[], &activation(&guess(9), "x", "nonce-0003")).await;
    assert_eq!((limited.status, &limited.json()["code"]), (429, &json!("rate_limited")));
    assert!(limited.retry_after().is_some_and(|s| (1..=20).contains(&s)), "{limited:?}");
    assert!(limited.json()["refusal"].is_null(), "it stops no product");
    // Every way to try a key is the same way.
    for (path, body) in [
        ("/v1/licenses/validate", json!({ "license_key": guess(9) })),
        ("/v1/license/deactivate", json!({ "license_key": guess(9), "cluster_id": "x" })),
        (
            "/v1/license/heartbeat",
            json!({ "license_key": guess(9), "cluster_id": "x", "nonce": "nonce-0003",
                    "generation": 1, "token_version": 1 }),
        ),
    ] {
        assert_eq!(server.post(path, &body).await.0, 429, "{path}");
    }
    // Who was good here before goes on: heartbeats, and new nodes with the same key.
    let beat = heartbeat(&held, 1, "nonce-0004");
    assert_eq!(server.post("/v1/license/heartbeat", &beat).await.0, 200);
    assert_eq!(server.activate(&key, "two", "nonce-0005").await.0, 201);
}

#[tokio::test]
async fn m10_a_plan_says_how_often_all_products_of_a_licence_may_ask() {
    let plan = catalog(5).replace("rank = 1", "rank = 1\ncontacts_per_minute = 4");
    let home = Home::with_catalog(&plan);
    let (key, other) = (home.issue("p", "a")["key"].clone(), home.issue("p", "a")["key"].clone());
    let server = serve(&home, &[]);
    let (_, held) = server.activate(&key, "one", "nonce-0001").await;
    for generation in 1..=4 {
        let beat = heartbeat(&held, generation, &format!("nonce-{generation:05}"));
        assert_eq!(server.post("/v1/license/heartbeat", &beat).await.0, 200);
    }
    let beat = heartbeat(&held, 5, "nonce-00005");
    let limited = server.send("/v1/license/heartbeat", &[], &beat).await;
    assert_eq!(limited.status, 429);
    assert!(limited.retry_after().is_some_and(|s| s <= 15), "{limited:?}");
    assert_eq!(
        server.activate(&key, "two", "nonce-0006").await.0,
        429,
        "the licence, not the node"
    );
    assert_eq!(server.activate(&other, "two", "nonce-0006").await.0, 201, "another licence");
}

#[tokio::test]
async fn d19_only_a_named_proxy_is_believed_about_whom_it_asks_for() {
    let home = Home::with_catalog(&catalog(5));
    let ask = async |server: &Server, client: &str| {
        let body = json!({ "license_key": "ACME-GUESS-00001" });
        server.send("/v1/licenses/validate", &[("x-forwarded-for", client)], &body).await.status
    };
    let two = ("LIMITS__UNKNOWN_KEYS_PER_MINUTE", "2");
    let server = serve(&home, &[two]);
    let mut seen = Vec::new();
    for client in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        seen.push(ask(&server, client).await);
    }
    assert_eq!(seen, [200, 200, 429], "a stranger invents addresses");
    let server = serve(&home, &[two, ("SERVER__PROXIES", "127.0.0.1")]);
    for client in ["192.0.2.1", "192.0.2.1, 192.0.2.2", "198.51.100.1, 192.0.2.3"] {
        assert_eq!(ask(&server, client).await, 200, "{client}");
    }
    assert_eq!(ask(&server, "192.0.2.3").await, 200);
    assert_eq!(ask(&server, "192.0.2.3").await, 429, "its own third");
}

/// The answer to a key that nobody knows is the same for every fault; only nonce and signature differ.
#[tokio::test]
async fn d18_unknown_keys_of_every_shape_are_answered_in_the_same_words() {
    let home = Home::with_catalog(&catalog(5));
    let key = home.issue("p", "a")["key"].as_str().unwrap_or_default().to_owned();
    let stranger = Home::with_catalog(&catalog(5));
    let foreign = stranger.issue("p", "a")["key"].as_str().unwrap_or_default().to_owned();
    let (head, signature) = key.rsplit_once('.').unwrap_or_default();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let server = serve(&home, &[]);
    let mut answers = Vec::new();
    for unknown in [
        "ACME-GUESS-00001",
        "garbage",
        "a.b.c",
        "P-AB3DE-FGH4J-KLM5N-PQR6S",
        "P-A-0191e4a0-0000-7000-8000-000000000000-PERPETUAL-0123456789abcdef",
        "P-v2-acme-eyJhIjoxfQ.c2ln",
        &forged,
        &foreign,
        "' OR 1=1 --",
        &"x".repeat(5_000),
    ] {
        let body = activation(&json!(unknown), "one", "nonce-0001");
        let reply = server.send("/v1/license/activate", &[], &body).await;
        let mut body = reply.json();
        let refusal = body.as_object_mut().and_then(|body| body.remove("refusal"));
        assert!(refusal.is_some_and(|token| token.is_string()), "{unknown:.40}: {reply:?}");
        let mut headers: Vec<_> =
            reply.headers.keys().map(|name| name.as_str().to_owned()).collect();
        headers.sort();
        answers.push((reply.status, body.to_string(), headers, reply.text.len()));
    }
    assert_eq!(answers[0].0, 404);
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
}

#[tokio::test]
async fn d13_an_idempotency_key_over_http() {
    let home = Home::with_catalog(&catalog(1));
    let key = home.issue("p", "a")["key"].clone();
    let server = serve(&home, &[]);
    let header = [("idempotency-key", "0191e4a0-one")];
    let body = activation(&key, "one", "nonce-0001");
    let first = server.send("/v1/license/activate", &header, &body).await;
    let again = server.send("/v1/license/activate", &header, &body).await;
    assert_eq!((first.status, again.status), (201, 201));
    let (first, again) = (first.json(), again.json());
    assert_eq!(first["activation_id"], again["activation_id"]);
    assert_ne!(first["access_token"], again["access_token"]);
    let beat = |held: &Value| heartbeat(held, 1, "nonce-0002");
    assert_eq!(server.post("/v1/license/heartbeat", &beat(&first)).await.0, 401, "it is void");
    assert_eq!(server.post("/v1/license/heartbeat", &beat(&again)).await.0, 200);
    let other =
        server.send("/v1/license/activate", &header, &activation(&key, "two", "nonce-0003")).await;
    assert_eq!((other.status, &other.json()["code"]), (422, &json!("idempotency_key_reused")));
    for bad in ["", "é"] {
        let reply = server.send("/v1/license/activate", &[("idempotency-key", bad)], &body).await;
        assert_eq!((reply.status, &reply.json()["code"]), (422, &json!("malformed")), "{bad}");
    }
}
