//! `POST /v1/license/grace`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::grace::{Answer, Request};

use crate::extract::Json;
use crate::gate::Gate;
use crate::openapi::problems;
use crate::problem::Failure;

problems!(LicenseNeeded, Malformed, TooLarge, RateLimited, Internal, Unavailable);

/// Lets an installation that never had a licence run until it has one, as long as its product is being upgraded.
#[utoipa::path(
    post,
    path = "/v1/license/grace",
    operation_id = "grace",
    tag = "product",
    request_body = Request,
    responses((status = 200, description = "The signed grace.", body = Answer), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    gate: Gate,
    Json(request): Json<Request>,
) -> Result<axum::Json<Answer>, Failure> {
    gate.enter(None)?;
    Ok(axum::Json(authority.grace_for_upgrade(request).await?))
}
