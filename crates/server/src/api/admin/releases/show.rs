//! `GET /v1/admin/releases/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::distribution::Release;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// One release with its files.
#[utoipa::path(
    get,
    path = "/v1/admin/releases/{id}",
    operation_id = "show_release",
    tag = "releases",
    params(("id" = Uuid, Path, description = "Its id.")),
    responses((status = 200, description = "The release.", body = Release), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Release>, Failure> {
    Ok(Versioned(authority.show_release(id).await?))
}
