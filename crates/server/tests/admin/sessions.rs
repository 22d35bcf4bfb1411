//! Logging in and out: passwords, second factors, cookies, throttling.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::support::{Served, password, send};

const SESSIONS: &str = "/v1/admin/sessions";

/// What an authenticator shows (RFC 6238), from the secret in base32.
pub(crate) fn shown(secret: &str, now: i64) -> String {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in secret.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|l| *l == letter).unwrap();
        bits = bits << 5 | u32::try_from(value).unwrap();
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count).unwrap());
            bits &= (1 << count) - 1;
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = hmac::sign(&key, &(now / 30).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[tokio::test]
async fn a_session_opens_until_it_is_ended_or_has_ended() {
    let served = Served::new().await;
    served.operator("ada", "support").await;
    let begun = served.log_in("ada", &password("ada"), None).await;
    assert_eq!((begun.status, begun.headers.get("set-cookie")), (201, None));
    let begun = begun.done();
    let token = begun["token"].as_str().unwrap().to_owned();
    let list = |token: &str| send(served.by(token, "GET", SESSIONS));
    let seen = list(&token).await.done();
    assert_eq!(
        (seen["items"].as_array().unwrap().len(), &seen["items"][0]["current"]),
        (1, &json!(true))
    );
    assert!(!seen.to_string().contains(&token));

    // Another's session is not there; one's own is ended.
    served.operator("bob", "operator").await;
    let bob = served.session("bob").await;
    let path = format!("{SESSIONS}/{}", begun["id"].as_str().unwrap());
    send(served.by(&bob, "DELETE", &path)).await.refused(404, "no_such_resource");
    send(served.by(&token, "DELETE", &path)).await.done();
    list(&token).await.refused(401, "unauthenticated");
    send(served.by(&served.owner(), "DELETE", &path)).await.refused(404, "no_such_resource");

    // Two hours without use, or twelve in all.
    served.test.clock.advance(2 * 3600);
    list(&bob).await.refused(401, "unauthenticated");
    served.end().await;
}

#[tokio::test]
async fn every_failure_is_told_alike_and_nothing_is_let_in() {
    let served = Served::new().await;
    served.operator("ada", "owner").await;
    let wrong = served.log_in("ada", "not the password", None).await.refused(401, "wrong_login");
    // Nobody of that name; somebody without a password.
    for name in ["nobody", "owner", "ADA", ""] {
        let other = served.log_in(name, &password("ada"), None).await.refused(401, "wrong_login");
        assert_eq!(other, wrong);
    }
    served.end().await;
}

#[tokio::test]
async fn a_second_factor_counts_once_confirmed_and_each_code_opens_once() {
    let served = Served::new().await;
    let id = served.operator("ada", "operator").await;
    let session = served.session("ada").await;
    let codes = format!("/v1/admin/operators/{id}/codes");
    let begin = |body: Value| send(served.by(&session, "POST", &codes).json(&body));
    begin(json!({})).await.refused(422, "invalid");
    begin(json!({ "password": "not the password" })).await.refused(422, "invalid");
    let begun = begin(json!({ "password": password("ada") })).await.done();
    let secret = begun["secret"].as_str().unwrap();
    assert!(
        begun["uri"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/https%3A%2F%2Fauthority.example:ada?secret=")
    );
    // Not confirmed yet: the password alone opens.
    served.session("ada").await;
    let now = || served.test.authority.now();
    let confirm =
        |code: String| send(served.by(&session, "PUT", &codes).json(&json!({ "code": code })));
    confirm("000000".into()).await.refused(422, "invalid");
    let confirmed = confirm(shown(secret, now())).await.done();
    confirm(shown(secret, now())).await.refused(409, "wrong_state");
    let recovery = confirmed["codes"].as_array().unwrap().clone();
    assert_eq!(recovery.len(), 10);

    served.log_in("ada", &password("ada"), None).await.refused(401, "code_needed");
    served.log_in("ada", "not the password", None).await.refused(401, "wrong_login");
    // The code that confirmed it is used up.
    let code = shown(secret, now());
    served.log_in("ada", &password("ada"), Some(&code)).await.refused(401, "wrong_login");
    served.test.clock.advance(30);
    let code = shown(secret, now());
    served.log_in("ada", &password("ada"), Some(&code)).await.done();
    served.log_in("ada", &password("ada"), Some(&code)).await.refused(401, "wrong_login");
    let recovery = recovery[3].as_str().unwrap();
    served.log_in("ada", &password("ada"), Some(recovery)).await.done();
    served.log_in("ada", &password("ada"), Some(recovery)).await.refused(401, "wrong_login");
    let shown = served.get(&format!("/v1/admin/operators/{id}")).await.done();
    assert_eq!((&shown["second_factor"], &shown["recovery_codes"]), (&json!(true), &json!(9)));

    // An owner helps who has lost the device.
    send(served.by(&served.owner(), "DELETE", &codes).json(&json!({}))).await.done();
    served.session("ada").await;
    assert!(served.test.authority.verify_audit().await.unwrap().valid);
    served.end().await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let served = Served::new().await;
    let id = served.operator("ada", "read-only").await;
    let (one, two) = (served.session("ada").await, served.session("ada").await);
    let path = format!("/v1/admin/operators/{id}/password");
    let set = |by: &str, body: Value| send(served.by(by, "PUT", &path).json(&body));
    let new = "another horse, another battery";
    set(&one, json!({ "password": new })).await.refused(422, "invalid");
    set(&one, json!({ "password": new, "current": "wrong" })).await.refused(422, "invalid");
    served.operator("bob", "operator").await;
    let bob = served.session("bob").await;
    set(&bob, json!({ "password": new })).await.refused(403, "forbidden");
    set(&one, json!({ "password": new, "current": password("ada") })).await.done();
    send(served.by(&one, "GET", SESSIONS)).await.done();
    send(served.by(&two, "GET", SESSIONS)).await.refused(401, "unauthenticated");
    served.log_in("ada", &password("ada"), None).await.refused(401, "wrong_login");
    served.log_in("ada", new, None).await.done();
    // An owner sets anybody's, and ends all of his sessions.
    set(&served.owner(), json!({ "password": "set by the owner" })).await.done();
    send(served.by(&one, "GET", SESSIONS)).await.refused(401, "unauthenticated");
    served.end().await;
}

#[tokio::test]
async fn a_token_for_less_does_not_become_a_log_in_for_more() {
    let served = Served::new().await;
    let small = served.token(&["sessions:write"]).await;
    let owner = served.get("/v1/admin/operators").await.done();
    let path = format!("/v1/admin/operators/{}", owner["items"][0]["id"].as_str().unwrap());
    let body = json!({ "password": "a first password" });
    let set = |token: &str| send(served.by(token, "PUT", &format!("{path}/password")).json(&body));
    set(&small).await.refused(403, "forbidden");
    let begin = served.by(&small, "POST", &format!("{path}/codes")).json(&json!({}));
    send(begin).await.refused(403, "forbidden");
    set(&served.owner()).await.done();
    served.log_in("owner", "a first password", None).await.done();
    served.end().await;
}

#[tokio::test]
async fn who_guesses_is_slowed_down_and_nobody_else_is() {
    let served = Served::new().await;
    served.operator("ada", "owner").await;
    served.operator("bob", "owner").await;
    for _ in 0..5 {
        served.log_in("ada", "a guess at ada's", None).await.refused(401, "wrong_login");
    }
    let limited = served.log_in("ada", &password("ada"), None).await;
    assert!(limited.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    limited.refused(429, "rate_limited");
    // Neither another from the same address, nor who is in already.
    served.session("bob").await;
    served.get(SESSIONS).await.done();
    served.end().await;
}

#[tokio::test]
async fn a_cookie_is_for_this_host_and_needs_its_other_half() {
    let served = Served::new().await;
    served.operator("ada", "owner").await;
    let body = json!({ "name": "ada", "password": password("ada"), "cookie": true });
    let begin = || served.request("POST", SESSIONS).json(&body);
    let elsewhere = begin().header("sec-fetch-site", "cross-site");
    send(elsewhere).await.refused(403, "csrf_mismatch");
    let begun = send(begin().header("sec-fetch-site", "same-origin")).await;
    let cookie = begun.headers["set-cookie"].to_str().unwrap().to_owned();
    let begun = begun.done();
    assert_eq!(begun.get("token"), None);
    let (pair, rest) = cookie.split_once(';').unwrap();
    assert!(pair.starts_with("__Host-licentia_session=las_"));
    assert_eq!(rest, " Path=/; Secure; HttpOnly; SameSite=Strict");

    let with = |method: &str, path: &str| {
        served.request(method, path).header("cookie", format!("a=b; {pair}"))
    };
    send(with("GET", SESSIONS)).await.done();
    let make =
        || with("POST", "/v1/admin/tokens").json(&json!({ "name": "n", "scopes": ["admin"] }));
    send(make()).await.refused(403, "csrf_mismatch");
    send(make().header("x-csrf-token", "guess")).await.refused(403, "csrf_mismatch");
    send(make().header("x-csrf-token", begun["csrf_token"].as_str().unwrap())).await.done();
    served.end().await;
}
