//! Revocations by key id, the text that anybody may write, and the list that is served and written.

use std::path::Path;

use aws_lc_rs::hmac;
use base64ct::{Base64, Encoding};
use licentia_license::revocations::open;
use licentia_server::config::mail::Password;
use licentia_server::config::{Config, Revocations};
use licentia_testing::TestAuthority;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::support::{Reply, Served, send};

const PATH: &str = "/v1/admin/revocations";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// With a text in `in` and lists written to `out`.
async fn served(folder: &Path) -> Served {
    let place = |name: &str| Some(folder.join(name).display().to_string());
    let revocations = Revocations {
        text: place("in"),
        publish: place("out"),
        poll_s: 1,
        refresh_secret: Some(Password::new(SECRET.to_owned())),
        ..Revocations::default()
    };
    std::fs::create_dir(folder.join("in")).unwrap();
    let config = Config { revocations, ..Config::default() };
    Served::configured(TestAuthority::new().await, config).await
}

async fn list(served: &Served, etag: Option<&str>) -> Reply {
    let request = served.request("GET", "/revocations.json");
    send(etag.into_iter().fold(request, |request, etag| request.header(IF_NONE_MATCH, etag))).await
}

/// Asks until it is so; the server does it by itself.
async fn until<T>(served: &Served, mut fits: impl FnMut(Reply) -> Option<T>) -> T {
    for _ in 0..20_000 {
        if let Some(fit) = fits(list(served, None).await) {
            return fit;
        }
    }
    panic!("the list never came");
}

fn ids(served: &Served, text: &str) -> Vec<String> {
    let list = open(text, &served.test.authority.trust()).unwrap();
    list.revoked.iter().map(|entry| entry.id.to_string()).collect()
}

#[tokio::test]
async fn v3_the_list_is_public_cacheable_and_asked_for_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path()).await;
    let first = until(&served, |reply| (reply.status == 200).then_some(reply)).await;
    assert_eq!(first.headers[CONTENT_TYPE], "application/jose+json");
    assert_eq!(first.headers[CACHE_CONTROL], "public, max-age=60");
    assert_eq!(first.body.as_object().unwrap().len(), 3, "flattened: {}", first.text);
    let etag = first.etag.unwrap();
    let same = list(&served, Some(&format!("\"other\", W/{etag}"))).await;
    assert_eq!((same.status, same.etag, same.text.as_str()), (304, Some(etag.clone()), ""));
    served.post(PATH, &json!({ "key_id": "k", "reason": "leaked" })).await.done();
    let second =
        until(&served, |reply| (reply.etag.as_ref() != Some(&etag)).then_some(reply)).await;
    assert_eq!(ids(&served, &second.text), ["k"]);
    let written = folder.path().join("out/revocations.json");
    let written = || std::fs::read_to_string(&written).unwrap_or_default();
    until(&served, |reply| (reply.text == written()).then_some(())).await;
    served.end().await;
}

#[tokio::test]
async fn v2_a_line_that_another_system_adds_revokes_and_is_in_the_trail_with_its_comment() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path()).await;
    let text = folder.path().join("in/revocations.txt");
    std::fs::write(&text, "daS7y8sioiecYy # 2015-03-31 12:31 (key posted online)\ntwo words\n")
        .unwrap();
    until(&served, |reply| {
        (reply.status == 200 && ids(&served, &reply.text) == ["daS7y8sioiecYy"]).then_some(())
    })
    .await;
    let trail = served.get("/v1/admin/audit?action=key.revoke").await.done();
    let entry = &trail["items"][0];
    assert_eq!(entry["actor"], "system:revocations.txt");
    assert_eq!(entry["personal"]["comment"], "2015-03-31 12:31 (key posted online)");
    assert_eq!(entry["subject"], "key:daS7y8sioiecYy");
    let published = served.get(&format!("{PATH}/published")).await.done();
    assert_eq!(published["text"]["problems"][0]["line"], 2);
    let public = list(&served, None).await.text;
    let claims = open(&public, &served.test.authority.trust()).unwrap();
    assert!(
        !serde_json::to_string(claims.claims()).unwrap().contains("posted"),
        "comments are private"
    );

    // Whoever cannot be heard calls: a bucket's notification, with a token that may do nothing else.
    let token = served.token(&["revocations:write"]).await;
    std::fs::write(&text, "daS7y8sioiecYy\nsecond # leaked\n").unwrap();
    let call = served.by(&token, "POST", &format!("{PATH}/refresh")).body("{\"Records\":[]}");
    assert_eq!(send(call).await.done()["revoked"], 2);
    let reader = served.token(&["revocations:read"]).await;
    let call = served.by(&reader, "POST", &format!("{PATH}/refresh"));
    send(call).await.refused(403, "forbidden");

    // Gone lines take nothing back; the operator does.
    std::fs::write(&text, "second # leaked\n").unwrap();
    served.post(&format!("{PATH}/refresh"), &Value::Null).await.done();
    let keys = served.get(&format!("{PATH}/keys?limit=1")).await.done();
    assert_eq!(keys["items"][0]["key_id"], "daS7y8sioiecYy");
    assert!(keys["items"][0]["missing_since"].is_string(), "{keys}");
    let next =
        served.get(&format!("{PATH}/keys?after={}", keys["next"].as_str().unwrap())).await.done();
    assert_eq!(next["items"][0]["key_id"], "second");
    served.post(&format!("{PATH}/daS7y8sioiecYy/lift"), &Value::Null).await.done();
    served
        .post(&format!("{PATH}/nobody/lift"), &Value::Null)
        .await
        .refused(404, "no_such_resource");
    let published = served.post(&format!("{PATH}/refresh"), &Value::Null).await.done();
    assert_eq!(published["revoked"], 1);
    served.end().await;
}

/// What Standard Webhooks puts into `webhook-signature`.
fn signed(id: &str, at: i64, body: &str) -> String {
    let secret = Base64::decode_vec(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    let tag = hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", Base64::encode_string(tag.as_ref()))
}

#[tokio::test]
async fn a_notification_may_be_signed_instead_of_bringing_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path()).await;
    std::fs::write(folder.path().join("in/revocations.txt"), "one\ntwo # leaked\n").unwrap();
    let now = licentia_testing::START;
    let body = "{\"Records\":[]}";
    let call = |id: &'static str, at: i64, signature: String| {
        let call = served.request("POST", &format!("{PATH}/refresh"));
        let call = call.header("webhook-id", id).header("webhook-timestamp", at);
        send(call.header("webhook-signature", signature).body(body))
    };
    assert_eq!(call("msg_1", now, signed("msg_1", now, body)).await.done()["revoked"], 2);
    for (id, at, signature) in [
        ("msg_2", now, signed("msg_1", now, body)),
        ("msg_1", now + 1, signed("msg_1", now, body)),
        ("msg_1", now, signed("msg_1", now, "{}")),
        ("msg_1", now - 301, signed("msg_1", now - 301, body)),
        ("msg_1", now, "v1,".to_owned()),
    ] {
        call(id, at, signature).await.refused(401, "bad_signature");
    }
    let unsigned = served.request("POST", &format!("{PATH}/refresh")).body(body);
    send(unsigned).await.refused(401, "unauthenticated");
    // Such a call may do nothing else.
    let other = served.request("POST", PATH).body("{}");
    let other = other.header("webhook-id", "m").header("webhook-timestamp", now);
    let other = other.header("webhook-signature", signed("m", now, "{}"));
    send(other).await.refused(401, "unauthenticated");
    served.end().await;
}

#[tokio::test]
async fn a_list_that_is_late_is_told_by_metric_trail_and_ready() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path()).await;
    until(&served, |reply| (reply.status == 200).then_some(())).await;
    let ready = served.get("/ready").await.done();
    assert_eq!(ready, json!({ "status": "ready", "warnings": [] }));
    // What stands in the way of the next list: a folder where its file should be.
    let file = folder.path().join("out/revocations.json");
    until(&served, |_| file.exists().then_some(())).await;
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    served.test.clock.advance(3 * 3600 + 1);
    served.post(&format!("{PATH}/refresh"), &Value::Null).await.refused(503, "unavailable");
    let late = |answer: &Value| answer["warnings"] == json!(["revocations_late"]);
    let told =
        |text: &str| text.lines().any(|line| line == "licentia_revocations_age_seconds 10801");
    // The metric is set last.
    let mut asked = 0;
    while !told(&served.get("/metrics").await.text) {
        asked += 1;
        assert!(asked < 20_000);
    }
    let mut asked = 0;
    while !late(&served.get("/ready").await.done()) {
        asked += 1;
        assert!(asked < 20_000);
    }
    let trail = served.get("/v1/admin/audit?action=revocations.late").await.done();
    assert_eq!(trail["items"].as_array().unwrap().len(), 1, "told once");
    std::fs::remove_dir(&file).unwrap();
    served.post(&format!("{PATH}/refresh"), &Value::Null).await.done();
    for _ in 0..20_000 {
        if !late(&served.get("/ready").await.done()) {
            break;
        }
    }
    assert_eq!(served.get("/ready").await.done(), json!({ "status": "ready", "warnings": [] }));
    served.end().await;
}
