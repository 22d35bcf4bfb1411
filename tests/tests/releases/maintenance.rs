//! Versions past the end of maintenance, at a container registry.

use std::path::Path;

use licentia_tests::registry::{Registry, image};

use crate::shop::Shop;

/// A version past the end of maintenance is refused by the registry, and one before it is not.
#[tokio::test]
async fn c7_a_registry_hands_out_the_versions_that_maintenance_covers() {
    let shop = Shop::open();
    let (out, storage) = (shop.home.path("registry"), shop.home.path("images"));
    let args = [
        "registry",
        "config",
        "--public-url",
        &shop.server.url,
        "--out",
        &out,
        "--storage",
        &storage,
    ];
    let _ = shop.home.run(&args).done();
    let registry = Registry::start(&Path::new(&out).join("config.yml"));
    let layout = image(shop.home.folder.path(), "app");
    let operator = format!("operator:{}", shop.operator);
    for version in ["1.0.0", "1.1.0", "2.0.0"] {
        let _ = registry.push(&layout, &format!("acme/app/{version}:{version}"), &operator).done();
    }
    shop.publish("1.0.0", &[]);
    shop.publish("2.0.0", &[]);
    let issue = |until: &str| {
        let attribute = format!("maintenance_until={until}");
        let args = [
            "license",
            "issue",
            "--json",
            "--product",
            "app",
            "--plan",
            "one",
            "--email",
            "ada@example.com",
        ];
        let issued = shop.home.run(&[&args[..], &["--perpetual", "--attr", &attribute]].concat());
        format!("x:{}", issued.done().json()["key"].as_str().unwrap())
    };
    let pulls = |version: &str, credentials: &str| {
        let into = tempfile::tempdir_in(shop.home.folder.path()).unwrap();
        registry.pull(&format!("acme/app/{version}:{version}"), credentials, into.path()).status
            == 0
    };
    let (past, good) = (issue("2020-12-31"), issue("2100-12-31"));
    assert!(pulls("1.0.0", &good));
    assert!(!pulls("1.0.0", &past), "it came out after the end of maintenance");
    assert!(!pulls("2.0.0", &good), "a version that the plan leaves out");
    assert!(!pulls("1.1.0", &good), "pushed, and not released");
    shop.publish("1.1.0", &[]);
    assert!(pulls("1.1.0", &good));
    let _ = shop.remote(&["release", "yank", "--product", "app", "1.1.0"]).done();
    assert!(!pulls("1.1.0", &good), "taken back");
    let refused = shop.home.run(&[
        "license",
        "issue",
        "--product",
        "app",
        "--email",
        "a@b.example",
        "--perpetual",
        "--attr",
        "maintenance_until=soon",
    ]);
    assert_eq!(refused.status, 2, "{refused:?}");
}
