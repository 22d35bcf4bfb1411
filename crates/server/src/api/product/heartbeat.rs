//! `POST /v1/license/heartbeat`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::heartbeat::{Answer, Request};

use crate::extract::{Bearer, Json, Origin};
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
    Revoked,
    Expired,
    NotYetValid,
    ChainBroken,
    NoFreeSeat,
    TooManyNodes,
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
    Origin(origin): Origin,
    Json(mut request): Json<Request>,
) -> Result<axum::Json<Answer>, Failure> {
    request.access_token = request.access_token.or(bearer);
    Ok(axum::Json(authority.heartbeat(request, origin).await?))
}
