//! `POST /v1/licenses/validate`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::validate::{Answer, Request};

use crate::extract::Json;
use crate::openapi::problems;
use crate::problem::Failure;

problems!(Malformed, TooLarge, Internal, Unavailable);

/// Asks about a key without taking a seat.
#[utoipa::path(
    post,
    path = "/v1/licenses/validate",
    operation_id = "validate",
    tag = "product",
    request_body = Request,
    responses((status = 200, description = "What holds for the key, valid or not.", body = Answer), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Json(request): Json<Request>,
) -> Result<axum::Json<Answer>, Failure> {
    Ok(axum::Json(authority.validate(request).await?))
}
