//! `POST /v1/licenses/validate`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::validate::{Answer, Request};

use crate::extract::Json;
use crate::gate::Gate;
use crate::limits::Credential;
use crate::openapi::problems;
use crate::problem::Failure;

problems!(Malformed, TooLarge, RateLimited, Internal, Unavailable);

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
    gate: Gate,
    Json(request): Json<Request>,
) -> Result<axum::Json<Answer>, Failure> {
    gate.enter(Some(Credential::Key(&request.license_key)))?;
    let key = request.license_key.clone();
    let answer = authority.validate(request).await?;
    match answer.license_id {
        Some(license_id) => gate.good_key(&key, license_id),
        None => gate.failed(&answer.code),
    }
    Ok(axum::Json(answer))
}
