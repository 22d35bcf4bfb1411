//! `POST /v1/license/heartbeat`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::heartbeat::{Answer, Request};

use crate::extract::{Bearer, Json, Origin};
use crate::problem::Failure;

/// Keeps a seat.
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Bearer(bearer): Bearer,
    Origin(origin): Origin,
    Json(mut request): Json<Request>,
) -> Result<axum::Json<Answer>, Failure> {
    request.access_token = request.access_token.or(bearer);
    Ok(axum::Json(authority.heartbeat(request, origin).await?))
}
