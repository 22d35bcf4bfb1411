//! `POST /v1/license/deactivate`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::deactivate::Request;

use crate::extract::{Bearer, Json};
use crate::gate::Gate;
use crate::limits::Credential;
use crate::openapi::{IDEMPOTENCY_KEY, problems};
use crate::problem::Failure;

problems!(
    InvalidToken,
    Malformed,
    TooLarge,
    UnknownLicense,
    InProgress,
    IdempotencyKeyReused,
    RateLimited,
    Internal,
    Unavailable
);

/// Gives a seat back: 204, a second time too.
#[utoipa::path(
    post,
    path = "/v1/license/deactivate",
    operation_id = "deactivate",
    tag = "product",
    security((), ("access_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = Request,
    responses((status = 204, description = "The seat is free."), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Bearer(bearer): Bearer,
    gate: Gate,
    Json(mut request): Json<Request>,
) -> Result<StatusCode, Failure> {
    request.access_token = request.access_token.or(bearer);
    let token = request.access_token.as_deref().map(Credential::Token);
    gate.enter(token.or(request.license_key.as_deref().map(Credential::Key)))?;
    let given_back = authority.deactivate(request, gate.caller()).await;
    given_back.inspect_err(|problem| gate.failed(&problem.code))?;
    Ok(StatusCode::NO_CONTENT)
}
