//! Operators: made, given another role, removed; and never the last owner.

use serde_json::json;

use crate::support::{Served, password, send};

const OPERATORS: &str = "/v1/admin/operators";

#[tokio::test]
async fn t5_a_role_caps_what_an_operators_credentials_may_do_from_the_next_request_on() {
    let served = Served::new().await;
    let id = served.operator("ada", "owner").await;
    let session = served.session("ada").await;
    let body = json!({ "name": "all", "scopes": ["admin"] });
    let request = served.by(&session, "POST", "/v1/admin/tokens").json(&body);
    let token = send(request).await.done()["token"].as_str().unwrap().to_owned();
    let new = |token: &str, name: &str| {
        let body = json!({ "name": name, "role": "support" });
        send(served.by(token, "POST", OPERATORS).json(&body))
    };
    new(&token, "bob").await.done();

    let path = format!("{OPERATORS}/{id}");
    let shown = served.get(&path).await;
    let etag = shown.etag.clone().unwrap();
    assert_eq!(shown.done()["role"], "owner");
    let change = |tag: Option<&str>, role: &str| {
        let mut request = served.by(&served.owner(), "PATCH", &path).json(&json!({ "role": role }));
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        send(request)
    };
    change(None, "support").await.refused(428, "precondition_required");
    change(Some("\"other\""), "support").await.refused(412, "precondition_failed");
    let problem = change(Some(&etag), "emperor").await.refused(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "role");
    let changed = change(Some(&etag), "support").await;
    assert_eq!(changed.body["role"], "support");
    change(Some(&etag), "owner").await.refused(412, "precondition_failed");
    for credential in [&token, &session] {
        let problem = new(credential, "eve").await.refused(403, "forbidden");
        assert!(problem["detail"].as_str().unwrap().contains("role `support`"), "{problem}");
        send(served.by(credential, "GET", OPERATORS)).await.done();
    }
    // Nor does it make tokens for others any more, or see theirs.
    let other = json!({ "name": "x", "scopes": ["admin"], "operator": "owner" });
    let request = served.by(&token, "POST", "/v1/admin/tokens").json(&other);
    send(request).await.refused(403, "forbidden");
    let seen = send(served.by(&token, "GET", "/v1/admin/tokens")).await.done();
    assert!(seen["items"].as_array().unwrap().iter().all(|token| token["operator"] == "ada"));

    send(served.by(&served.owner(), "DELETE", &path)).await.done();
    for credential in [&token, &session] {
        send(served.by(credential, "GET", OPERATORS)).await.refused(401, "unauthenticated");
    }
    served.log_in("ada", &password("ada"), None).await.refused(401, "wrong_login");
    assert!(served.test.authority.verify_audit().await.unwrap().valid);
    served.end().await;
}

#[tokio::test]
async fn the_last_owner_stays() {
    let served = Served::new().await;
    let list = served.get(OPERATORS).await.done();
    let first = format!("{OPERATORS}/{}", list["items"][0]["id"].as_str().unwrap());
    let remove = |path: &str| send(served.by(&served.owner(), "DELETE", path));
    remove(&first).await.refused(409, "last_owner");
    let demote = served.by(&served.owner(), "PATCH", &first).json(&json!({ "role": "operator" }));
    send(demote).await.refused(428, "precondition_required");
    let etag = served.get(&first).await.etag.unwrap();
    let demote = served.by(&served.owner(), "PATCH", &first).json(&json!({ "role": "operator" }));
    send(demote.header("if-match", etag)).await.refused(409, "last_owner");
    served.operator("second", "owner").await;
    remove(&first).await.done();
    served.end().await;
}

#[tokio::test]
async fn names_and_passwords_are_checked_and_a_name_is_taken_once() {
    let served = Served::new().await;
    let make = |name: &str, password: &str| {
        let body = json!({ "name": name, "role": "support", "password": password });
        let served = &served;
        async move { served.post(OPERATORS, &body).await }
    };
    for (name, word, field) in [
        ("", "long enough a word", "name"),
        ("Ada", "long enough a word", "name"),
        ("a b", "long enough a word", "name"),
        ("ada", "short", "password"),
        ("ada", "ada and her password", "password"),
        ("ada", "aaaaaaaaaaaaaaaaaaa", "password"),
    ] {
        let problem = make(name, word).await.refused(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{name} {word}");
    }
    make("ada", "long enough a word").await.done();
    make("ada", "long enough a word").await.refused(409, "already_exists");
    served.end().await;
}
