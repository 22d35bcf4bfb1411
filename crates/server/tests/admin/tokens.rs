//! API tokens: made, listed, used, revoked, ended.

use licentia_testing::START;
use serde_json::{Value, json};

use crate::support::{Served, send};

const TOKENS: &str = "/v1/admin/tokens";

#[tokio::test]
async fn a_token_is_shown_once_and_opens_until_it_is_revoked() {
    let served = Served::new().await;
    let body = json!({ "name": "pipeline", "scopes": ["tokens:read", "tokens:read"] });
    let made = served.post(TOKENS, &body).await.done();
    let token = made["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("lap_") && token.starts_with(made["prefix"].as_str().unwrap()));
    assert_eq!((&made["operator"], &made["scopes"]), (&json!("owner"), &json!(["tokens:read"])));
    let path = format!("{TOKENS}/{}", made["id"].as_str().unwrap());
    let shown = send(served.by(&token, "GET", &path)).await;
    assert_eq!(shown.headers["cache-control"], "no-store");
    assert_eq!(shown.done().get("token"), None);

    let revoke = || served.by(&token, "DELETE", &path);
    send(revoke()).await.refused(403, "forbidden");
    for _ in 0..2 {
        let revoked = send(served.by(&served.owner(), "DELETE", &path)).await.done();
        assert_eq!(revoked["revoked_at"], "2026-01-01T00:00:00Z");
    }
    send(served.by(&token, "GET", &path)).await.refused(401, "unauthenticated");
    served.get(&format!("{TOKENS}/{}", uuid::Uuid::nil())).await.refused(404, "no_such_resource");
    served.get(&format!("{TOKENS}/no-id")).await.refused(404, "no_such_resource");
    assert!(served.test.authority.verify_audit().await.unwrap().valid);
    served.end().await;
}

#[tokio::test]
async fn a_token_ends_at_its_second() {
    let served = Served::new().await;
    let body =
        json!({ "name": "short", "scopes": ["admin"], "expires_at": "2026-01-01T00:01:00Z" });
    let made = served.post(TOKENS, &body).await.done();
    let token = made["token"].as_str().unwrap();
    served.test.clock.advance(59);
    send(served.by(token, "GET", TOKENS)).await.done();
    served.test.clock.advance(1);
    send(served.by(token, "GET", TOKENS)).await.refused(401, "unauthenticated");
    let past = json!({ "name": "past", "scopes": ["admin"], "expires_at": "2026-01-01T00:01:00Z" });
    let problem = served.post(TOKENS, &past).await.refused(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "expires_at");
    assert_eq!(served.test.authority.now(), START + 60);
    served.end().await;
}

#[tokio::test]
async fn nobody_makes_a_token_that_may_more_than_his_own() {
    let served = Served::new().await;
    let small = served.token(&["tokens:write", "licenses:read"]).await;
    let make = |scopes: Value| {
        let body = json!({ "name": "more", "scopes": scopes });
        send(served.by(&small, "POST", TOKENS).json(&body))
    };
    make(json!(["licenses:read", "tokens:read"])).await.done();
    for more in ["admin", "licenses:write", "plans:read"] {
        make(json!([more])).await.refused(403, "forbidden");
    }
    for wrong in [json!([]), json!(["everything"]), json!(["licenses:delete"])] {
        let problem = make(wrong).await.refused(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "scopes");
    }
    served.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_by_field() {
    let served = Served::new().await;
    for (body, field, code) in [
        (json!({ "scopes": ["admin"] }), "name", "missing"),
        (json!({ "name": 1, "scopes": ["admin"] }), "name", "malformed"),
        (json!({ "name": "n", "scopes": ["admin"], "scope": 1 }), "scope", "unknown"),
    ] {
        let problem = served.post(TOKENS, &body).await.refused(422, "malformed");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert_eq!(problem["errors"][0]["code"], code, "{problem}");
    }
    for (query, code) in [
        ("?limit=0", "invalid"),
        ("?after=x", "invalid"),
        ("?limit=x", "malformed"),
        ("?operater=x", "malformed"),
    ] {
        let problem = served.get(&format!("{TOKENS}{query}")).await.refused(422, code);
        assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
    }
    served.end().await;
}

#[tokio::test]
async fn tokens_are_listed_in_parts() {
    let served = Served::new().await;
    for _ in 0..4 {
        served.token(&["admin"]).await;
        served.test.clock.advance(1);
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = served.get(&format!("{TOKENS}?limit=2{after}")).await.done();
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|token| token["created_at"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a >= b), "{seen:?}");
    let nobody = served.get(&format!("{TOKENS}?operator=nobody")).await.done();
    assert_eq!(nobody, json!({ "items": [], "next": null }));
    served.end().await;
}

#[tokio::test]
async fn a_repeated_request_makes_one_token_and_voids_what_it_showed_before() {
    let served = Served::new().await;
    let make = |name: &str| {
        let body = json!({ "name": name, "scopes": ["tokens:read"] });
        let request = served.by(&served.owner(), "POST", TOKENS).header("idempotency-key", "k-1");
        send(request.json(&body))
    };
    let first = make("one").await.done();
    let second = make("one").await.done();
    assert_eq!(first["id"], second["id"]);
    let opens = |made: &Value| served.by(made["token"].as_str().unwrap(), "GET", TOKENS);
    send(opens(&first)).await.refused(401, "unauthenticated");
    send(opens(&second)).await.done();
    make("another").await.refused(422, "idempotency_key_reused");
    let all = served.get(TOKENS).await.done();
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    served.end().await;
}
