//! `POST /v1/licenses/renew`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::licenses::{RenewByLink, Renewal};

use crate::extract::Json;
use crate::gate::Gate;
use crate::openapi::problems;
use crate::problem::Failure;

problems!(LinkSpent, Malformed, TooLarge, RateLimited, Internal, Unavailable);

/// Renews a licence by what a renewal link ends with, as its page does. A second time changes nothing.
#[utoipa::path(
    post,
    path = "/v1/licenses/renew",
    operation_id = "renew_by_link",
    tag = "product",
    request_body = RenewByLink,
    responses((status = 200, description = "It is renewed.", body = Renewal), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    gate: Gate,
    Json(request): Json<RenewByLink>,
) -> Result<axum::Json<Renewal>, Failure> {
    gate.enter(None)?;
    Ok(axum::Json(authority.renew_by_link(&request.token, gate.origin()).await?))
}
