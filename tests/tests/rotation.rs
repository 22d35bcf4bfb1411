//! Key rotation as the operator does it, while the authority serves and products run.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::PathBuf;

use licentia_tests::node::Place;
use licentia_tests::{Home, checkout};
use serde_json::Value;

fn bzzz() -> Home {
    let home = Home::empty();
    let _ = home.run(&["init"]).done();
    let catalog = checkout().join("examples/catalogs/bzzz.toml");
    let _ = home.run(&["product", "import", &catalog.display().to_string()]).done();
    home
}

/// Ids of the licence keys in a state.
fn keys(home: &Home, state: &str) -> Vec<String> {
    let list = home.run(&["key", "list", "--json"]).done().stdout;
    let keys = list.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    keys.filter(|key| key["state"] == state && key["purposes"] == serde_json::json!(["license"]))
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// What an application says that was built with the root alone and has fetched the keyset from the server.
async fn verdict(home: &Home, server: &licentia_tests::Server, key: &Value) -> String {
    let keyset = server.get("/keyset.json").await.1["keyset"].as_str().unwrap().to_owned();
    std::fs::write(home.path("keyset.jwt"), keyset).unwrap();
    let root = home.path("data/root.public.pem");
    let args = [
        "license",
        "verify",
        "--json",
        "--public-key",
        &root,
        "--keyset",
        &home.path("keyset.jwt"),
    ];
    let outcome = home.run(&[&args[..], &[key.as_str().unwrap()]].concat());
    outcome.json()["code"].as_str().unwrap().to_owned()
}

/// Waits until the server, which is never restarted, publishes this version of the keyset.
async fn published(server: &licentia_tests::Server, version: u64) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    for _ in 0..500 {
        ticks.tick().await;
        let keyset = server.get("/keyset.json").await.1;
        if licentia_tests::claims(&keyset["keyset"])["version"] == version {
            return;
        }
    }
    panic!("keyset {version} was never published");
}

#[tokio::test]
async fn the_whole_story_with_no_new_build_and_no_restart() {
    let home = bzzz();
    let server = home.serve();
    let [a] = &keys(&home, "active")[..] else { panic!() };
    let by_a = home.issue("bzzz", "standard")["key"].clone();

    // A product that knows the root only, and runs through all of it.
    let place =
        Place::new(home.folder.path(), "walnut", &PathBuf::from(home.path("data/root.public.pem")));
    let section =
        format!("  server_url: \"{}\"\n  license_key: {by_a}\n  cluster_id: c1\n", server.url);
    let mut node = place.start(&section);
    node.until_standing("licensed").await;

    let _ = home.run(&["key", "rotate"]).done();
    published(&server, 2).await;
    assert_eq!(
        (keys(&home, "next").len(), verdict(&home, &server, &by_a).await.as_str()),
        (1, "valid")
    );
    let _ = home.run(&["key", "rotate"]).done();
    published(&server, 3).await;
    let by_b = home.issue("bzzz", "standard")["key"].clone();
    assert_eq!(keys(&home, "previous"), std::slice::from_ref(a));
    assert_eq!(verdict(&home, &server, &by_a).await, "valid");
    assert_eq!(verdict(&home, &server, &by_b).await, "valid");

    let refused = home.run(&["key", "retire", a]);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("in force"), "{refused:?}");
    let _ = home.run(&["license", "reissue", "--signed-by", a]).done();
    let _ = home.run(&["key", "retire", a]).done();
    published(&server, 4).await;
    assert_eq!(verdict(&home, &server, &by_a).await, "unknown_key");
    assert_eq!(verdict(&home, &server, &by_b).await, "valid");

    let _ = home.run(&["key", "compromise", a]).done();
    published(&server, 5).await;
    assert_eq!(verdict(&home, &server, &by_a).await, "key_compromised");
    assert_eq!(verdict(&home, &server, &by_b).await, "valid");

    // The product was not stopped by any of it, and starts again with the key it was sold with.
    node.terminate().await;
    let mut node = place.start(&section);
    node.until_standing("licensed").await;
    assert_eq!(node.terminate().await.0, Some(0));
    assert_eq!(home.run(&["audit", "verify"]).status, 0);
}

#[tokio::test]
async fn the_root_may_be_elsewhere_and_is_asked_for_by_name() {
    let home = bzzz();
    let offline = home.path("usb-stick.pem");
    std::fs::rename(home.data().join("root.private.pem"), &offline).unwrap();
    let server = home.serve();
    let license = home.issue("bzzz", "standard");
    assert_eq!(server.activate(&license["key"], "c1", "nonce-0001").await.0, 201);
    let refused = home.run(&["key", "rotate"]);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("--root"), "{refused:?}");
    let _ =
        home.run(&["key", "rotate", "--purpose", "lease", "--at-once", "--root", &offline]).done();
    published(&server, 2).await;
    assert_eq!(server.activate(&license["key"], "c1", "nonce-0002").await.0, 200);
}
