//! `POST /renew/{token}`.

use axum::extract::State;
use axum::response::Response;
use licentia_authority::Authority;

use super::page;
use crate::api::admin::query::Path;
use crate::gate::Gate;
use crate::openapi::problems;
use crate::problem::Failure;

problems!(RateLimited, Internal, Unavailable);

/// What the button on that page does: renews the licence, once.
#[utoipa::path(
    post,
    path = "/renew/{token}",
    operation_id = "renew_by_page",
    tag = "public",
    params(("token" = String, Path, description = "What the link ends with.")),
    responses(
        (status = 200, description = "It is renewed.", content_type = "text/html", body = String),
        (status = 410, description = "The link does not count any more.", content_type = "text/html", body = String),
        Problems,
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    gate: Gate,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    gate.enter(None)?;
    page(authority.renew_by_link(&token, gate.origin()).await)
}
