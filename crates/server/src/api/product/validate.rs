//! `POST /v1/licenses/validate`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::validate::{Answer, Request};

use crate::extract::Json;
use crate::problem::Failure;

/// Asks about a key without taking a seat.
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Json(request): Json<Request>,
) -> Result<axum::Json<Answer>, Failure> {
    Ok(axum::Json(authority.validate(request).await?))
}
