//! A product that runs takes a renewal without a restart, however it came about: by hand, by link, by payment.

#![expect(clippy::expect_used, reason = "helpers of tests are tests")]

use std::path::PathBuf;

use hmac::{Hmac, KeyInit, Mac};
use licentia_tests::node::{Node, Place};
use licentia_tests::{Home, Server, checkout};
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &str = "whsec_of_this_test";

/// An authority that has sold a licence, and the trust bundle of its product.
fn sold() -> (Home, Value, PathBuf) {
    let home = Home::empty();
    let _ = home.run(&["init"]).done();
    let catalog = checkout().join("examples/catalogs/bzzz.toml").display().to_string();
    let _ = home.run(&["product", "import", &catalog]).done();
    let license = home.issue("bzzz", "standard");
    let trust = PathBuf::from(home.path("trust.pem"));
    std::fs::write(&trust, home.run(&["key", "export", "--public"]).done().stdout)
        .expect("the trust bundle");
    (home, license, trust)
}

struct Scene {
    home: Home,
    server: Server,
    license: Value,
    node: Node,
}

impl Scene {
    async fn new() -> Self {
        let (home, license, trust) = sold();
        let config = format!(
            "[payments.stripe]\nsecrets = [\"{SECRET}\"]\n[payments.stripe.prices]\nprice_1 = \"bzzz/standard\"\n"
        );
        std::fs::write(home.path("data/licentia.toml"), config).expect("the configuration");
        let server = home.serve();
        let place = Place::new(home.folder.path(), "walnut", &trust);
        let mut node = place.start(&format!(
            "  server_url: \"{}\"\n  license_key: {}\n  cluster_id: c1\n  email: ada@example.com\n",
            server.url, license["key"]
        ));
        node.until_standing("licensed").await;
        Self { home, server, license, node }
    }

    fn id(&self) -> &str {
        self.license["id"].as_str().expect("an id")
    }

    /// The end that the authority knows, once the node knows it too; the node was never anything but licensed.
    async fn taken(&mut self) -> String {
        let shown = self.home.run(&["license", "show", self.id(), "--json"]).done().json();
        assert_eq!(shown["id"], self.license["id"]);
        let end = shown["expires_at"].clone();
        let line = self.node.until("renewed", |line| line["expires_at"] == end).await;
        assert_eq!(line["standing"], "licensed", "{line}");
        end.as_str().expect("an end").to_owned()
    }
}

#[tokio::test]
async fn t8_a_running_product_takes_a_renewal_by_hand_by_link_and_by_payment_without_a_restart() {
    let mut scene = Scene::new().await;
    let mut ends = vec![scene.license["expires_at"].as_str().expect("an end").to_owned()];

    let _ = scene.home.run(&["license", "renew", scene.id(), "--days", "30"]).done();
    ends.push(scene.taken().await);

    let args = ["license", "renewal-link", scene.id(), "--days", "30", "--json"];
    let link = scene.home.run(&args).done().json();
    let url = link["url"].as_str().expect("a link");
    let page = format!("{}{}", scene.server.url, &url[url.find("/renew/").expect("a path")..]);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let looked = client.get(&page).send().await.expect("the page");
    assert_eq!(looked.status(), 200);
    assert!(looked.text().await.expect("a page").contains("<button>"));
    let done = client.post(&page).send().await.expect("the page").text().await.expect("a page");
    assert!(done.contains("Your licence is renewed"), "{done}");
    ends.push(scene.taken().await);
    let spent = client.get(page.replace("/renew/", "/renew/x")).send().await.expect("a page");
    assert_eq!(spent.status(), 410);

    let issued: jiff::Timestamp =
        scene.license["created_at"].as_str().expect("a time").parse().expect("a time");
    let now = issued.as_second();
    let event = json!({
        "id": "evt_1", "object": "event", "type": "invoice.paid", "created": now,
        "data": { "object": {
            "id": "in_1", "object": "invoice", "subscription": "sub_1", "amount_paid": 4_900,
            "customer_email": "ada@example.com", "metadata": { "licentia_license": scene.id() },
            "lines": { "data": [{ "amount": 4_900, "price": { "id": "price_1" },
                "period": { "start": now, "end": now + 600 * 86_400 } }] }
        } }
    })
    .to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(format!("{now}.{event}").as_bytes());
    let tag: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let taken = client
        .post(format!("{}/v1/payments/stripe", scene.server.url))
        .header("Stripe-Signature", format!("t={now},v1={tag}"))
        .body(event)
        .send()
        .await
        .expect("an answer");
    assert_eq!(taken.status(), 200);
    ends.push(scene.taken().await);

    assert!(ends.is_sorted() && ends.windows(2).all(|pair| pair[0] != pair[1]), "{ends:?}");
    let (status, stderr) = scene.node.terminate().await;
    assert_eq!(status, Some(0), "{stderr}");
}

#[tokio::test]
async fn t8_a_product_without_network_takes_a_renewed_licence_from_its_file_without_a_restart() {
    let (home, license, trust) = sold();
    let file = home.path("license.lic");
    let put = |text: &str| {
        let fresh = format!("{file}.new");
        std::fs::write(&fresh, text).expect("a file");
        std::fs::rename(fresh, &file).expect("it takes the place of the former");
    };
    put(license["key"].as_str().expect("a key"));
    let place = Place::new(home.folder.path(), "walnut", &trust);
    let mut node = place.start_with("  cluster_id: c1\n", &[("BZZZ_LICENSE_KEY_FILE", &file)]);
    let first = node.until_standing("licensed").await;
    assert_eq!(first["expires_at"], license["expires_at"]);
    let id = license["id"].as_str().expect("an id");
    let renewed = home.run(&["license", "renew", id, "--days", "30", "--json"]).done().json();
    assert_eq!(renewed["id"], license["id"]);
    let key = renewed["key"].as_str().expect("a key");
    put(key);
    let end = renewed["expires_at"].clone();
    assert_ne!(end, license["expires_at"]);
    let line = node.until("renewed", |line| line["expires_at"] == end).await;
    assert_eq!(line["standing"], "licensed", "{line}");
    let (status, stderr) = node.terminate().await;
    assert_eq!(status, Some(0), "{stderr}");
}
