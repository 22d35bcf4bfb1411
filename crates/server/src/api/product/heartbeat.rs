//! `POST /v1/license/heartbeat`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::heartbeat::{Answer, Request};

use crate::extract::{Bearer, Json};
use crate::gate::Gate;
use crate::limits::Credential;
use crate::openapi::problems;
use crate::problem::Failure;

problems!(
    InvalidToken,
    TokenExpired,
    StaleTokenVersion,
    StaleGeneration,
    Malformed,
    TooLarge,
    UnknownLicense,
    WrongMachine,
    Suspended,
    Cancelled,
    Revoked,
    Expired,
    NotYetValid,
    ChainBroken,
    NoFreeSeat,
    TooManyNodes,
    RateLimited,
    Internal,
    Unavailable
);

/// Keeps a seat.
#[utoipa::path(
    post,
    path = "/v1/license/heartbeat",
    operation_id = "heartbeat",
    tag = "product",
    security((), ("access_token" = [])),
    request_body = Request,
    responses((status = 200, description = "The seat is kept.", body = Answer), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Bearer(bearer): Bearer,
    gate: Gate,
    Json(mut request): Json<Request>,
) -> Result<axum::Json<Answer>, Failure> {
    request.access_token = request.access_token.or(bearer);
    let token = request.access_token.clone();
    // By key and cluster the key is looked up, so it counts as one that is tried.
    let key = request.activation_id.is_none().then(|| request.license_key.clone()).flatten();
    let shown = key.as_deref().map(Credential::Key).or(token.as_deref().map(Credential::Token));
    gate.enter(shown)?;
    let kept = authority.keep_seat(request, gate.origin()).await;
    let kept = kept.inspect_err(|problem| gate.failed(&problem.code))?;
    for shown in [token.as_ref(), kept.answer.access_token.as_ref()].into_iter().flatten() {
        gate.good(Credential::Token(shown), kept.holder);
    }
    if let Some(key) = &key {
        gate.good(Credential::Key(key), kept.holder);
    }
    Ok(axum::Json(kept.answer))
}
