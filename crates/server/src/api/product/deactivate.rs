//! `POST /v1/license/deactivate`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::deactivate::Request;

use crate::extract::{Bearer, Json, Origin};
use crate::problem::Failure;

/// Gives a seat back: 204, a second time too.
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Bearer(bearer): Bearer,
    Origin(origin): Origin,
    Json(mut request): Json<Request>,
) -> Result<StatusCode, Failure> {
    request.access_token = request.access_token.or(bearer);
    authority.deactivate(request, origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
