//! `release publish` and `yank`.

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};

use crate::shop::{PART, Shop, hash, noise};

#[tokio::test]
async fn c7_a_release_is_published_in_parts_goes_on_where_it_was_cut_short_and_stays_what_it_is() {
    let shop = Shop::open();
    let bytes = noise(2 * PART + 12_345);
    let path = shop.write("app.bin", &bytes);
    // What a command that was killed leaves: a draft, a file, and one part of it.
    let draft = json!({ "product": "app", "version": "1.0.0" }).to_string().into();
    let (status, release) = shop.as_operator(Method::POST, "/v1/admin/releases", draft).await;
    assert_eq!((status, &release["state"]), (201, &json!("draft")));
    let id = release["id"].as_str().unwrap();
    let file = json!({ "name": "app.bin", "size": bytes.len(), "sha256": hash(&bytes), "platform": "any" });
    let announce = format!("/v1/admin/releases/{id}/artifacts");
    let (status, artifact) =
        shop.as_operator(Method::POST, &announce, file.to_string().into()).await;
    assert_eq!((status, &artifact["stored_at"]), (201, &Value::Null));
    let artifact = artifact["id"].as_str().unwrap().to_owned();
    let part = |n: u32| format!("/v1/admin/artifacts/{artifact}/parts/{n}");
    assert_eq!(
        shop.as_operator(Method::PUT, &part(1), bytes[PART..2 * PART].to_vec()).await.0,
        204
    );
    for (n, wrong, expected) in [(0, 1, 422), (2, PART, 422), (3, 1, 404), (0, PART + 1, 413)] {
        let (status, problem) = shop.as_operator(Method::PUT, &part(n), vec![0; wrong]).await;
        assert_eq!(status, expected, "{n} {problem}");
    }
    let complete = format!("/v1/admin/artifacts/{artifact}/complete");
    let (status, problem) = shop.as_operator(Method::POST, &complete, Vec::new()).await;
    assert_eq!((status, &problem["code"]), (422, &json!("invalid")), "parts are missing");
    let publish = format!("/v1/admin/releases/{id}/publish");
    assert_eq!(
        shop.as_operator(Method::POST, &publish, Vec::new()).await.0,
        409,
        "files are missing"
    );
    let (_, upload) =
        shop.as_operator(Method::GET, &format!("/v1/admin/artifacts/{artifact}"), Vec::new()).await;
    assert_eq!((&upload["parts"], &upload["part_size"]), (&json!([1]), &json!(PART)));

    let done = shop.publish("1.0.0", &[&path]);
    assert_eq!((&done["state"], &done["id"]), (&json!("published"), &release["id"]));
    let stored = &done["artifacts"][0];
    assert_eq!((&stored["sha256"], &stored["size"]), (&json!(hash(&bytes)), &json!(bytes.len())));
    let (header, claims) =
        licentia_license::verify::decode_unverified(stored["signature"].as_str().unwrap()).unwrap();
    assert_eq!(serde_json::to_value(header).unwrap()["typ"], "manifest+jwt");
    assert_eq!(
        (&claims["version"], &claims["artifacts"][0]["sha256"]),
        (&json!("1.0.0"), &stored["sha256"])
    );

    // The same once more is done already; anything else is another release.
    assert_eq!(shop.publish("1.0.0", &[&path])["id"], release["id"]);
    let other = shop.write("other.bin", b"other");
    let refused =
        shop.remote(&["release", "publish", "--product", "app", "--version", "1.0.0", &other]);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert_eq!(shop.as_operator(Method::PUT, &part(0), bytes[..PART].to_vec()).await.0, 409);
    assert_eq!(
        shop.as_operator(Method::DELETE, &format!("/v1/admin/artifacts/{artifact}"), Vec::new())
            .await
            .0,
        409
    );

    // Stored once under its hash, whatever releases it is in, and no part is left.
    shop.publish("1.0.1", &[&path]);
    let store = shop.home.data().join("artifacts");
    let files = walk(&store);
    let object = store.join("sha256").join(&hash(&bytes)[..2]).join(hash(&bytes));
    assert_eq!(files, std::slice::from_ref(&object));
    assert_eq!(std::fs::read(object).unwrap(), bytes);

    // Bytes that are not what was announced are refused, and their parts forgotten.
    let draft = json!({ "product": "app", "version": "1.0.2" }).to_string().into();
    let (_, release) = shop.as_operator(Method::POST, "/v1/admin/releases", draft).await;
    let announce = format!("/v1/admin/releases/{}/artifacts", release["id"].as_str().unwrap());
    let file = json!({ "name": "x", "size": 3, "sha256": hash(b"abc") });
    let (_, artifact) = shop.as_operator(Method::POST, &announce, file.to_string().into()).await;
    let artifact = format!("/v1/admin/artifacts/{}", artifact["id"].as_str().unwrap());
    assert_eq!(
        shop.as_operator(Method::PUT, &format!("{artifact}/parts/0"), b"abd".to_vec()).await.0,
        204
    );
    let (status, problem) =
        shop.as_operator(Method::POST, &format!("{artifact}/complete"), Vec::new()).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("sha256")));
    let (_, upload) = shop.as_operator(Method::GET, &artifact, Vec::new()).await;
    assert_eq!(upload["parts"], json!([]));
    assert_eq!(shop.as_operator(Method::DELETE, &artifact, Vec::new()).await.0, 200);

    let yanked = shop
        .remote(&["release", "yank", "--product", "app", "1.0.1", "--reason", "broken"])
        .done()
        .json();
    assert_eq!((&yanked["state"], &yanked["reason"]), (&json!("yanked"), &json!("broken")));
    let (_, key) = shop.licence("app", "one");
    let (_, page) = shop.as_customer(&key, "/v1/releases/app").await;
    let versions: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|item| &item["version"]).collect();
    assert_eq!(versions, ["1.0.0"]);
    assert_eq!(shop.home.run(&["audit", "verify"]).status, 0);
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
