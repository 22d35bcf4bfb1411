//! `POST /v1/admin/sessions`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use licentia_authority::Authority;
use licentia_authority::sessions::begin::LogIn;
use licentia_issue::Secret;
use licentia_protocol::Code;
use licentia_protocol::resource::Session;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::api::admin::caller::COOKIE;
use crate::extract::Json;
use crate::gate::Gate;
use crate::limits::Limits;
use crate::openapi::problems;
use crate::problem::Failure;

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BeginSession)]
pub(crate) struct Request {
    /// Log-in name.
    name: String,
    /// Password.
    password: String,
    /// The authenticator's code, or a recovery code, where there is a second factor.
    #[serde(default)]
    code: Option<String>,
    /// For a page in a browser: the token comes as a cookie that no script reads, and not in the body.
    #[serde(default)]
    cookie: bool,
}

problems!(
    WrongLogin,
    CodeNeeded,
    CsrfMismatch,
    Malformed,
    TooLarge,
    RateLimited,
    Internal,
    Unavailable
);

/// Logs in. A wrong name and a wrong password are answered alike. Tries are limited by name and address together: a
/// few are free, then each waits twice as long, from this address alone.
#[utoipa::path(
    post,
    path = "/v1/admin/sessions",
    operation_id = "begin_session",
    tag = "sessions",
    request_body = Request,
    responses((status = 201, description = "The session.", body = Session), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    gate: Gate,
    headers: HeaderMap,
    Json(request): Json<Request>,
) -> Result<Response, Failure> {
    if request.cookie && !is_of_our_page(&headers) {
        return Err(Code::CsrfMismatch.into());
    }
    limits.try_log_in(gate.address(), &request.name, Instant::now())?;
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let begun = authority
        .log_in(LogIn {
            name: request.name.clone(),
            password: Secret::new(request.password),
            code: request.code,
            agent: agent.map(str::to_owned),
            origin: gate.origin(),
        })
        .await;
    let mut session = begun?;
    // To be asked for a code does not count as right: it would give the guesses of codes back.
    limits.logged_in(gate.address(), &request.name);
    let cookie = if request.cookie { session.token.take() } else { None };
    let mut response = (StatusCode::CREATED, axum::Json(session)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(token) = cookie {
        let cookie = format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict");
        let cookie = HeaderValue::try_from(cookie).map_err(|_| Failure::from(Code::Internal))?;
        headers.insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A page elsewhere must not log somebody in as another.
fn is_of_our_page(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    site.is_none_or(|site| site == b"same-origin" || site == b"none")
}
