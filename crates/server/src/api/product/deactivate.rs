//! `POST /v1/license/deactivate`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::deactivate::Request;

use crate::extract::{Bearer, Json, Origin};
use crate::openapi::problems;
use crate::problem::Failure;

problems!(InvalidToken, Malformed, TooLarge, UnknownLicense, Internal, Unavailable);

/// Gives a seat back: 204, a second time too.
#[utoipa::path(
    post,
    path = "/v1/license/deactivate",
    operation_id = "deactivate",
    tag = "product",
    security((), ("access_token" = [])),
    request_body = Request,
    responses((status = 204, description = "The seat is free."), Problems)
)]
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
