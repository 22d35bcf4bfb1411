//! Signing keys over HTTP.

use licentia_issue::keyfile;
use licentia_testing::root;
use serde_json::{Value, json};

use crate::support::Served;

const KEYS: &str = "/v1/admin/keys";

fn active(list: &Value, purpose: &str) -> String {
    let keys = list["items"].as_array().unwrap();
    let of = |key: &&Value| key["purposes"] == json!([purpose]) && key["state"] == "active";
    keys.iter().find(of).unwrap()["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn keys_are_rotated_retired_and_compromised_where_the_root_is_at_hand() {
    let served = Served::new().await;
    let before = active(&served.get(KEYS).await.done(), "license");
    let rotate = json!({ "purpose": "license", "at_once": true });
    // The root is elsewhere.
    served.post(&format!("{KEYS}/rotate"), &rotate).await.refused(409, "wrong_state");
    keyfile::write_pair(served.test.folder.path(), "root", &root().into(), None).unwrap();
    let wrong = json!({ "purpose": "root" });
    served.post(&format!("{KEYS}/rotate"), &wrong).await.refused(422, "invalid");
    let after = served.post(&format!("{KEYS}/rotate"), &rotate).await.done();
    assert_ne!(active(&after, "license"), before);
    assert_eq!(active(&served.get(KEYS).await.done(), "license"), active(&after, "license"));
    let none = json!({});
    served.post(&format!("{KEYS}/{before}/retire"), &none).await.done();
    served.post(&format!("{KEYS}/{before}/retire"), &none).await.refused(409, "wrong_state");
    served.post(&format!("{KEYS}/nobody/compromise"), &none).await.refused(404, "no_such_resource");
    let bad = active(&after, "license");
    let after = served.post(&format!("{KEYS}/{bad}/compromise"), &none).await.done();
    assert_ne!(active(&after, "license"), bad);
    assert!(served.test.authority.verify_audit().await.unwrap().valid);
    served.end().await;
}

#[tokio::test]
async fn public_keys_are_exported_and_private_ones_are_not() {
    let served = Served::new().await;
    let pem = served.get(&format!("{KEYS}/export")).await;
    assert!(pem.text.starts_with("-----BEGIN PUBLIC KEY-----") && !pem.text.contains("PRIVATE"));
    let jwks = served.get(&format!("{KEYS}/export?format=jwks")).await.done();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), pem.text.matches("BEGIN").count());
    assert!(!jwks.to_string().contains("\"d\""));
    served.get(&format!("{KEYS}/export?format=der")).await.refused(422, "invalid");
    served.end().await;
}
