//! `GET /renew/{token}`.

use axum::extract::State;
use axum::response::Response;
use licentia_authority::Authority;

use super::page;
use crate::api::admin::query::Path;
use crate::gate::Gate;
use crate::openapi::problems;
use crate::problem::Failure;

problems!(RateLimited, Internal, Unavailable);

/// What a renewal link opens: a page that says what it would do. It changes nothing.
#[utoipa::path(
    get,
    path = "/renew/{token}",
    operation_id = "show_renewal",
    tag = "public",
    params(("token" = String, Path, description = "What the link ends with.")),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
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
    page(authority.look_at_renewal(&token).await)
}
