//! Secrets of a whole run, looked for in everything that is written down: the most talkative log, errors, and the
//! raw bytes of the database.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs::{self, File};
use std::process::Stdio;

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_tests::{Home, Server, catalog, heartbeat};
use serde_json::{Value, json};

/// Where a secret was found.
fn search(home: &Home, secrets: &[(&str, Vec<u8>)], also: &[(&str, String)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |place: &str, bytes: &[u8]| {
        for (name, secret) in secrets {
            assert!(secret.len() >= 8, "{name} is too short to be looked for");
            if bytes.windows(secret.len()).any(|window| window == secret) {
                found.push(format!("{name} in {place}"));
            }
        }
    };
    for file in fs::read_dir(home.data()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // These two are where the secrets are kept.
        if name != "master.key" && name != "root.private.pem" {
            look(&name, &fs::read(&path).unwrap());
        }
    }
    for (place, text) in also {
        look(place, text.as_bytes());
    }
    found
}

#[tokio::test]
async fn b11_secrets_are_in_no_log_no_error_and_no_database_file() {
    let home = Home::empty();
    let init = home.run(&["init", "--json"]).done();
    home.import(&catalog(3));
    let short = home.run(&[
        "license",
        "issue",
        "--json",
        "--product",
        "p",
        "--plan",
        "a",
        "--email",
        "ada@example.com",
        "--days",
        "9",
        "--scheme",
        "short",
    ]);
    let (short, key) = (short.done().json()["key"].clone(), home.issue("p", "a")["key"].clone());
    let log = home.path("server.log");
    let mut command = home.command();
    command.env("RUST_LOG", "trace").stderr(Stdio::from(File::create(&log).unwrap()));
    let server = Server::start_as(&mut command);

    let mut errors = Vec::new();
    let mut secrets: Vec<(&str, Vec<u8>)> = Vec::new();
    let mut tokens = Vec::new();
    for (at, key) in [&key, &short].into_iter().enumerate() {
        let header = [("idempotency-key", "canary-idempotency-key")];
        let body =
            json!({ "license_key": key, "cluster_id": format!("c-{at}"), "nonce": "nonce-0001" });
        let held = server.send("/v1/license/activate", &header, &body).await.json();
        let again = server.send("/v1/license/activate", &header, &body).await.json();
        let beat = heartbeat(&again, 1, "nonce-0002");
        assert_eq!(server.post("/v1/license/heartbeat", &beat).await.0, 200);
        tokens.extend([held["access_token"].clone(), again["access_token"].clone()]);
        let wrong = heartbeat(&held, 1, "nonce-0003");
        errors.push(server.send("/v1/license/heartbeat", &[], &wrong).await.text);
        let bearer = format!("Bearer {}", again["access_token"].as_str().unwrap());
        let nothing = json!({ "activation_id": held["activation_id"], "nonce": "x" });
        let header = [("authorization", bearer.as_str())];
        errors.push(server.send("/v1/license/heartbeat", &header, &nothing).await.text);
        let misplaced =
            json!({ "license_key": key, "cluster_id": key, "nonce": key, "nodes": key });
        errors.push(server.send("/v1/license/activate", &[], &misplaced).await.text);
        let _ = server.post("/v1/licenses/validate", &json!({ "license_key": key })).await;
        let back = json!({ "license_key": key, "cluster_id": format!("c-{at}") });
        assert_eq!(server.post("/v1/license/deactivate", &back).await.0, 204);
    }
    let guess = "ACME-A-GUESS-THAT-NOBODY-ISSUED";
    errors.push(server.activate(&json!(guess), "x", "nonce-0004").await.1.to_string());
    errors.push(server.get("/metrics").await.1.to_string());
    assert_eq!(server.terminate(), Some(0));

    let text = |value: &Value| value.as_str().unwrap().as_bytes().to_vec();
    secrets.push(("the licence key", text(&key)));
    secrets.push(("the short key", text(&short)));
    secrets.push(("a guessed key", guess.as_bytes().to_vec()));
    secrets.extend(tokens.iter().map(|token| ("an access token", text(token))));
    let raw = |token: &Value| {
        let token = token.as_str().unwrap().trim_start_matches("lat_");
        Base64UrlUnpadded::decode_vec(token).unwrap()
    };
    secrets.extend(tokens.iter().map(|token| ("an access token's bytes", raw(token))));
    let master = fs::read_to_string(home.data().join("master.key")).unwrap().trim().to_owned();
    let bytes = |at: usize| u8::from_str_radix(&master[at..at + 2], 16).unwrap();
    secrets.push(("the master key's bytes", (0..master.len()).step_by(2).map(bytes).collect()));
    secrets.push(("the master key", master.into_bytes()));
    let root = fs::read_to_string(home.data().join("root.private.pem")).unwrap();
    let line = root.lines().find(|line| !line.starts_with('-')).unwrap();
    secrets.push(("the root key", line.as_bytes()[20..].to_vec()));
    // Whatever the first log-in shows, it is shown once.
    let login = init.json();
    let words = login.as_object().unwrap().values().filter_map(Value::as_str);
    secrets.extend(words.filter(|w| w.starts_with("lap_")).map(|w| ("an API token", w.into())));

    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("/v1/license/heartbeat"), "the log tells something: {log}");
    let found = search(&home, &secrets, &[("the log", log), ("an error", errors.join("\n"))]);
    assert!(found.is_empty(), "{found:#?}");
}
