//! `/console/log-in`, and the first password of an operator who has a token alone, as the first owner has.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use licentia_authority::operators::password::NewPassword;
use licentia_authority::sessions::begin::LogIn;
use licentia_authority::{Authority, Credential};
use licentia_issue::Secret;
use licentia_protocol::resource::Session;
use licentia_protocol::{Code, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::admin::caller::COOKIE;
use crate::console::form::Fields;
use crate::console::messages::language;
use crate::console::trouble;
use crate::console::view;
use crate::extract::cookie;
use crate::gate::Gate;
use crate::limits::Limits;
use crate::problem::Failure;
use crate::router::Vouching;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    out: String,
}

/// Where to go on: a page of ours, or the first one.
pub(crate) fn ours(next: &str) -> String {
    let fine = next == "/console" || next.starts_with("/console/") || next.starts_with("/console?");
    let plain = !next.contains('\\') && !next.chars().any(char::is_control);
    if fine && plain && !next.starts_with("/console/log-") {
        next.to_owned()
    } else {
        "/console".into()
    }
}

pub(crate) async fn show(
    State(authority): State<Authority>,
    State(vouching): State<Vouching>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let next = ours(&asked.next);
    if let Some(session) = cookie(&headers, COOKIE)
        && let Ok(Some(_)) = authority.authenticate(&session).await
    {
        return Redirect::to(&next).into_response();
    }
    let shown = json!({ "next": next, "name": "", "error": null, "out": asked.out == "1", "provider": vouching.name() });
    form("log_in.html", &headers, shown)
}

pub(crate) async fn send(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    State(vouching): State<Vouching>,
    gate: Gate,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = Fields::read(&body);
    let (name, next) = (fields.text("name"), ours(fields.raw("next")));
    let password = Secret::new(fields.raw("password").to_owned());
    match log_in(&authority, &limits, &gate, &headers, &name, password, fields.some("code")).await {
        Ok(session) => let_in(session, &next),
        Err(failure) => {
            let shown =
                json!({ "next": next, "name": name, "out": false, "provider": vouching.name() });
            refused("log_in.html", &headers, shown, failure)
        }
    }
}

pub(crate) async fn first(headers: HeaderMap) -> Response {
    form("first_password.html", &headers, json!({ "error": null }))
}

pub(crate) async fn set_first(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    gate: Gate,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = Fields::read(&body);
    match first_log_in(&authority, &limits, &gate, &headers, &fields).await {
        Ok(session) => let_in(session, "/console"),
        Err(failure) => refused("first_password.html", &headers, json!({}), failure),
    }
}

async fn first_log_in(
    authority: &Authority,
    limits: &Limits,
    gate: &Gate,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Session, Failure> {
    limits.try_log_in(gate.address(), "first password", Instant::now())?;
    let holder = authority.authenticate(&fields.text("token")).await?;
    let holder = holder.filter(|holder| matches!(holder.credential, Credential::Token(_)));
    let holder = holder.ok_or_else(|| Failure::from(Code::Unauthenticated))?;
    if authority.show_operator(holder.operator_id).await?.password {
        let what = "This operator has a password already; log in with it.";
        return Err(Problem::new(Code::WrongState).because(what).into());
    }
    let password = fields.raw("password").to_owned();
    if password != fields.raw("again") {
        let problem = Problem::new(Code::Invalid).because("The two passwords differ.");
        return Err(problem.at("again", "invalid", "is not the same").into());
    }
    let new = NewPassword { password: Secret::new(password.clone()), current: None };
    let actor = holder.actor(&gate.origin());
    authority.set_password(holder.operator_id, new, &holder, actor).await?;
    limits.logged_in(gate.address(), "first password");
    let password = Secret::new(password);
    log_in(authority, limits, gate, headers, &holder.name, password, None).await
}

async fn log_in(
    authority: &Authority,
    limits: &Limits,
    gate: &Gate,
    headers: &HeaderMap,
    name: &str,
    password: Secret<String>,
    code: Option<String>,
) -> Result<Session, Failure> {
    limits.try_log_in(gate.address(), name, Instant::now())?;
    let session = authority
        .log_in(LogIn {
            name: name.to_owned(),
            password,
            code,
            agent: agent(headers),
            origin: gate.origin(),
        })
        .await?;
    // To be asked for a code does not count as right: it would give the guesses of codes back.
    limits.logged_in(gate.address(), name);
    Ok(session)
}

/// The program, in its own words.
pub(super) fn agent(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    agent.map(str::to_owned)
}

fn let_in(session: Session, next: &str) -> Response {
    let mut response = Redirect::to(next).into_response();
    session_cookie(&mut response, session);
    response
}

/// Hands the session to the browser.
pub(super) fn session_cookie(response: &mut Response, mut session: Session) {
    let token = session.token.take().unwrap_or_default();
    let cookie = format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict");
    match HeaderValue::try_from(cookie) {
        Ok(cookie) => {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
}

pub(super) fn form(template: &str, headers: &HeaderMap, mut shown: Value) -> Response {
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("lang".into(), language(headers).into());
    }
    view::page(template, shown)
}

/// The form again, with what was wrong. Status, `Retry-After` and the code in the metrics are the API's.
pub(super) fn refused(
    template: &str,
    headers: &HeaderMap,
    mut shown: Value,
    failure: Failure,
) -> Response {
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("error".into(), trouble::shown(&failure));
    }
    trouble::as_told(form(template, headers, shown), failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere_after_the_log_in() {
        for fine in ["/console", "/console/licenses?state=active", "/console?x=1"] {
            assert_eq!(ours(fine), fine);
        }
        for wrong in [
            "",
            "//evil.example",
            "https://evil.example/console",
            "/consoles",
            "/console/log-out",
            "/console/\\x",
            "/console/\n",
        ] {
            assert_eq!(ours(wrong), "/console", "{wrong:?}");
        }
    }
}
