//! What a licence covers, and the news of releases.

use serde_json::{Value, json};

use crate::shop::{Shop, hash};

#[tokio::test]
async fn c7_what_is_covered_is_listed_and_nothing_else() {
    let shop = Shop::open();
    let file = shop.write("app.bin", b"app");
    for (version, channel) in
        [("1.0.0", "stable"), ("1.1.0-beta.1", "beta"), ("1.1.0", "stable"), ("2.0.0", "stable")]
    {
        shop.publish(version, &["--channel", channel, &file]);
    }
    shop.publish("1.9.0", &["--draft", &file]);
    let (_, one) = shop.licence("app", "one");
    let (_, beta) = shop.licence("app", "beta");
    let (_, none) = shop.licence("app", "none");
    let (_, other) = shop.licence("other", "a");
    let versions = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        let mut versions: Vec<String> =
            items.map(|item| item["version"].as_str().unwrap().to_owned()).collect();
        versions.sort();
        versions
    };
    for (key, expected) in [
        (&one, vec!["1.0.0", "1.1.0"]),
        (&beta, vec!["1.0.0", "1.1.0", "1.1.0-beta.1", "2.0.0"]),
        (&none, vec![]),
    ] {
        let (status, page) = shop.as_customer(key, "/v1/releases/app").await;
        assert_eq!(
            (status, versions(&page)),
            (200, expected.iter().map(ToString::to_string).collect())
        );
    }
    let (status, problem) = shop.as_customer(&other, "/v1/releases/app").await;
    assert_eq!((status, &problem["code"]), (403, &json!("not_covered")));
    let (unknown, same) = shop.as_customer(&other, "/v1/releases/nothing").await;
    assert_eq!(
        (unknown, &same["code"]),
        (403, &problem["code"]),
        "whether there is such a product is not told"
    );
    assert_eq!(shop.as_customer(&one, "/v1/releases/app?version=2.0.0").await.0, 403);
    assert_eq!(shop.as_customer("lpt_x", "/v1/releases/app").await.0, 401);
    let bare =
        shop.client.get(format!("{}/v1/releases/app", shop.server.url)).send().await.unwrap();
    assert_eq!(bare.status(), 401);

    let latest = |key: String, query: &'static str| {
        let shop = &shop;
        async move { shop.as_customer(&key, &format!("/v1/releases/app/latest?{query}")).await.1 }
    };
    assert_eq!(latest(one.clone(), "").await["release"]["version"], "1.1.0");
    assert_eq!(latest(one.clone(), "version=1.1.0").await["release"], Value::Null);
    assert_eq!(latest(beta.clone(), "version=1.1.0").await["release"]["version"], "2.0.0");
    assert_eq!(latest(beta.clone(), "channel=beta").await["release"]["version"], "1.1.0-beta.1");
    assert_eq!(latest(one.clone(), "channel=beta").await["release"], Value::Null);
    let news = latest(one.clone(), "version=1.0.0&platform=any").await;
    // Signed by the authority that the trust bundle names, and nobody else.
    let bundle = shop.home.run(&["key", "export", "--public"]).done().stdout;
    let trust = licentia_license::Trust::from_text(&bundle).unwrap();
    let signed = news["signed"].as_str().unwrap();
    let verified =
        licentia_license::verify::verify::<licentia_license::release::ReleaseNews>(signed, &trust)
            .unwrap();
    let told = verified.latest.as_ref().unwrap();
    assert_eq!(
        (told.version.as_str(), told.files[0].sha256.as_str()),
        ("1.1.0", hash(b"app").as_str())
    );
    assert_eq!((verified.version.as_deref(), verified.aud.as_str()), (Some("1.0.0"), "app"));
    let half = signed.rsplit_once('.').unwrap().0;
    let forged = format!("{half}.{}", "A".repeat(86));
    assert!(
        licentia_license::verify::verify::<licentia_license::release::ReleaseNews>(&forged, &trust)
            .is_err()
    );
    assert_eq!(shop.as_customer(&one, "/v1/releases/app/latest?version=one").await.0, 422);
}

/// What a plan covers is told by the command line, here and from afar, and counts for licences that are out already.
#[tokio::test]
async fn c7_a_plan_is_told_what_its_customers_may_fetch() {
    let shop = Shop::open();
    let file = shop.write("app.bin", b"app");
    for (version, channel) in [("1.0.0", "stable"), ("1.1.0", "beta"), ("2.0.0", "stable")] {
        shop.publish(version, &["--channel", channel, &file]);
    }
    let (_, key) = shop.licence("app", "none");
    let covered = async || {
        let (status, page) = shop.as_customer(&key, "/v1/releases/app").await;
        assert_eq!(status, 200);
        let mut versions: Vec<String> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["version"].as_str().unwrap().to_owned())
            .collect();
        versions.sort();
        versions
    };
    let update = |more: &[&str]| {
        let args = ["plan", "update", "--product", "app", "none"];
        shop.remote(&[&args[..], more].concat()).done().json()["distribution"].clone()
    };
    assert_eq!(covered().await, [""; 0]);
    let told = update(&["--channel", "stable", "--repository", "acme/app/{version}"]);
    let repositories = json!(["acme/app/{version}"]);
    assert_eq!(told, json!({ "channels": ["stable"], "repositories": repositories }));
    assert_eq!(covered().await, ["1.0.0", "2.0.0"]);
    // What is not named stays.
    let told = update(&["--versions", "<2", "--maintenance-days", "365"]);
    let expected = json!({
        "channels": ["stable"], "versions": "<2", "maintenance_s": 365 * 86_400, "repositories": repositories,
    });
    assert_eq!(told, expected);
    assert_eq!(covered().await, ["1.0.0"]);
    assert_eq!(update(&["--seats", "3"]), expected);
    let told = update(&["--channel", "beta", "--channel", "stable", "--versions", "all"]);
    assert_eq!(told["channels"], json!(["beta", "stable"]));
    assert_eq!(told.get("versions"), None);
    assert_eq!(covered().await, ["1.0.0", "1.1.0", "2.0.0"]);
    let shown = shop.home.run(&["plan", "show", "--product", "app", "none"]).done().stdout;
    assert!(shown.contains("maintained for 365 days"), "{shown}");
    let wrong = ["plan", "update", "--product", "app", "none", "--versions", "newest"];
    let refused = shop.remote(&wrong);
    assert!(refused.status != 0 && refused.stderr.contains("versions"), "{refused:?}");
    assert_eq!(update(&["--no-distribution"]), json!({ "channels": [], "repositories": [] }));
    assert_eq!(covered().await, [""; 0]);
    // A plan that is made covers what it is told from the first.
    let made = [
        "plan",
        "create",
        "--product",
        "app",
        "new",
        "--tier",
        "NEW",
        "--rank",
        "9",
        "--seats",
        "1",
    ];
    let made = shop.remote(&[&made[..], &["--channel", "beta"]].concat()).done().json();
    assert_eq!(made["distribution"]["channels"], json!(["beta"]));
}
