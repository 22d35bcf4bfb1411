//! `/console/oidc`: to the OpenID provider, and back with a code.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use licentia_authority::Authority;
use licentia_issue::master::equal_bytes;
use licentia_protocol::{Code, Problem};
use serde::Deserialize;
use serde_json::json;

use super::log_in::{agent, form, ours, refused, session_cookie};
use crate::extract::cookie;
use crate::gate::Gate;
use crate::oidc::Unvouched;
use crate::problem::Failure;
use crate::router::Vouching;

/// What a browser carries along. Not `Strict`: it has to come along from the provider's page.
const COOKIE: &str = "__Host-licentia_oidc";

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    next: String,
}

pub(crate) async fn begin(
    State(authority): State<Authority>,
    State(vouching): State<Vouching>,
    Query(asked): Query<Asked>,
    gate: Gate,
    headers: HeaderMap,
) -> Response {
    let begun = async {
        gate.enter(None)?;
        let provider = vouching.provider()?;
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let back = provider.back(host).ok_or_else(|| Failure::from(Code::Malformed))?;
        let (flow, sealed) = authority.begin_flow(ours(&asked.next), back)?;
        let to = provider.begin(&flow).await.map_err(|e| told(&e))?;
        Ok::<_, Failure>((to, sealed))
    };
    match begun.await {
        Ok((to, sealed)) => {
            let mut response = Redirect::to(to.as_str()).into_response();
            set(&mut response, sealed.expose(), "");
            response
        }
        Err(failure) => refused_here(&vouching, &headers, failure),
    }
}

/// What the provider sends along (RFC 6749 sections 4.1.2).
#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: Option<String>,
    /// Who answers (RFC 9207), where it says so.
    #[serde(default)]
    iss: Option<String>,
}

pub(crate) async fn finish(
    State(authority): State<Authority>,
    State(vouching): State<Vouching>,
    Query(answer): Query<Answer>,
    gate: Gate,
    headers: HeaderMap,
) -> Response {
    let finished = async {
        // There is nothing to guess here, so that the limits of passwords would only keep people out.
        gate.enter(None)?;
        let provider = vouching.provider()?;
        let flow = cookie(&headers, COOKIE).and_then(|sealed| authority.open_flow(&sealed));
        let flow = flow.filter(|flow| {
            equal_bytes(flow.state.as_bytes(), answer.state.as_bytes()) && !answer.state.is_empty()
        });
        let flow = flow.ok_or_else(|| {
            let what = "This log-in was not begun in this browser, or took longer than ten minutes. Begin anew.";
            Failure::from(Problem::new(Code::WrongLogin).because(what))
        })?;
        if let Some(error) = &answer.error {
            let error: String = error.chars().filter(char::is_ascii_graphic).take(60).collect();
            tracing::info!(error, "the OpenID provider did not let somebody in");
            return Err(Code::WrongLogin.into());
        }
        if answer.iss.as_deref().is_some_and(|iss| !provider.is(iss)) {
            return Err(told(&Unvouched::Token("another provider answers".into())));
        }
        let email =
            provider.finish(&answer.code, &flow, authority.now()).await.map_err(|e| told(&e))?;
        let session = authority.log_in_vouched(&email, agent(&headers), gate.origin()).await;
        let session = session.map_err(|error| match Failure::from(error) {
            failure if failure.problem().code == Code::WrongLogin.as_str() => {
                let what = "There is no operator of the name that the provider vouches for. An owner makes one, named by the e-mail address.";
                Problem::new(Code::WrongLogin).because(what).into()
            }
            failure => failure,
        })?;
        Ok::<_, Failure>((session, flow.next))
    };
    let mut response = match finished.await {
        // A redirect would still be the provider's doing, and the session's cookie is for requests of ours alone.
        Ok((session, next)) => {
            let mut page = form("vouched.html", &headers, json!({ "next": next }));
            session_cookie(&mut page, session);
            page
        }
        Err(failure) => refused_here(&vouching, &headers, failure),
    };
    set(&mut response, "", "; Max-Age=0");
    response
}

fn refused_here(vouching: &Vouching, headers: &HeaderMap, failure: Failure) -> Response {
    let shown =
        json!({ "next": "/console", "name": "", "out": false, "provider": vouching.name() });
    refused("log_in.html", headers, shown, failure)
}

/// The log says why; a stranger is told what to do.
fn told(unvouched: &Unvouched) -> Failure {
    tracing::warn!(%unvouched, "nobody was let in by the OpenID provider");
    let (code, what) = match unvouched {
        Unvouched::Unreachable(_) => (
            Code::Unavailable,
            "The OpenID provider cannot be asked right now; the server's log says why. A password works.",
        ),
        Unvouched::Unverified => {
            (Code::WrongLogin, "The OpenID provider has not verified your e-mail address.")
        }
        Unvouched::Refused(_) | Unvouched::Token(_) => (
            Code::WrongLogin,
            "The OpenID provider did not vouch for you; the server's log says why. Begin anew.",
        ),
    };
    Problem::new(code).because(what).into()
}

fn set(response: &mut Response, value: &str, more: &str) {
    let cookie = format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{more}");
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
