//! Releases in a bucket at S3.

use licentia_tests::s3::Bucket;
use serde_json::{Value, json};

use crate::shop::{PART, Shop, hash, noise, python};

async fn shop(bucket: &Bucket, delivery: &str) -> Shop {
    let mut variables = bucket.variables();
    let own = [
        ("LICENTIA_RELEASES__STORE", "s3://lists/shop"),
        ("LICENTIA_RELEASES__DELIVERY", delivery),
    ];
    variables.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Shop::with(&variables)
}

fn object(bytes: &[u8]) -> String {
    let hash = hash(bytes);
    format!("shop/sha256/{}/{hash}", &hash[..2])
}

#[tokio::test]
async fn c7_uploads_go_to_a_bucket_and_downloads_are_sent_to_its_own_signed_link() {
    let bucket = Bucket::start().await;
    let shop = shop(&bucket, "redirect").await;
    let bytes = noise(PART + 12_345);
    python(
        "import sys, zipfile\n\
         with zipfile.ZipFile(sys.argv[1], 'w') as archive: archive.writestr('app/run', 'x' * 70000)",
        &[&shop.home.path("app.zip")],
    );
    let files = [shop.write("app.bin", &bytes), shop.home.path("app.zip")];
    let release =
        shop.publish("1.0.0", &[&files[0], &files[1], "--personalize", "app.zip=app/license.lic"]);
    assert_eq!(release["artifacts"][0]["sha256"], json!(hash(&bytes)));
    // Nothing but whole files under their hashes, and nothing in the folder of the authority.
    let zip = std::fs::read(&files[1]).unwrap();
    let mut whole = vec![object(&bytes), object(&zip)];
    whole.sort();
    assert_eq!(bucket.names("").await, whole);
    assert!(!shop.home.data().join("artifacts").exists());

    let (license, key) = shop.licence("app", "one");
    let href = shop.link(&key, "1.0.0", "app.bin").await;
    let answer = shop.fetch(&href, &[]).await;
    assert_eq!(answer.status(), 307);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let elsewhere = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(
        elsewhere.starts_with(&format!("{}/lists/{}?", bucket.address, object(&bytes))),
        "{elsewhere}"
    );
    for part in ["X-Amz-Signature=", "X-Amz-Expires=60&", "X-Amz-SignedHeaders=host"] {
        assert!(elsewhere.contains(part), "{part} in {elsewhere}");
    }
    let fetched = shop.client.get(&elsewhere).send().await.unwrap();
    assert!(fetched.bytes().await.unwrap() == bytes);
    // A client that follows by itself, from where it stopped.
    let half = shop.write("half.bin", &bytes[..PART]);
    let url = format!("{}{href}", shop.server.url);
    let curl = std::process::Command::new("curl")
        .args(["-sS", "--fail", "-L", "-C", "-", "-o", &half, &url])
        .output()
        .unwrap();
    assert!(curl.status.success(), "{}", String::from_utf8_lossy(&curl.stderr));
    assert!(std::fs::read(half).unwrap() == bytes);

    // What is made the customer's own goes through the authority.
    let own = shop.fetch(&shop.link(&key, "1.0.0", "app.zip").await, &[]).await;
    assert_eq!(own.status(), 200);
    assert!(own.bytes().await.unwrap().len() > zip.len());

    // No link of the bucket for whoever may not fetch.
    let _ = shop.home.run(&["license", "suspend", &license]).done();
    let refused = shop.fetch(&href, &[]).await;
    assert_eq!((refused.status().as_u16(), refused.headers().get("location")), (403, None));
    let trail = shop.home.run(&["audit", "list", "--json"]).done().stdout;
    assert!(trail.contains("release.download") && !trail.contains("X-Amz"));
}

#[tokio::test]
async fn c7_what_is_in_a_bucket_is_streamed_where_the_authority_hands_it_out_itself() {
    let bucket = Bucket::start().await;
    let shop = shop(&bucket, "stream").await;
    let bytes = noise(PART + 7);
    shop.publish("1.0.0", &[&shop.write("app.bin", &bytes)]);
    let (_, key) = shop.licence("app", "one");
    let href = shop.link(&key, "1.0.0", "app.bin").await;
    let answer = shop.fetch(&href, &[]).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.unwrap() == bytes);
    let range = format!("bytes={}-{}", PART - 3, PART + 2);
    let part = shop.fetch(&href, &[("range", &range)]).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), bytes[PART - 3..PART + 3]);

    // A bucket that lost it is an error with a code, not a short file.
    bucket.delete(&object(&bytes)).await;
    let lost = shop.fetch(&href, &[]).await;
    assert_eq!(lost.status(), 503);
    assert_eq!(lost.json::<Value>().await.unwrap()["code"], "unavailable");
}
