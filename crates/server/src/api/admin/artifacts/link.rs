//! `POST /v1/admin/artifacts/{id}/link`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::distribution::Link;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::problem::Failure;

admin_problems!(NoSuchResource, WrongState);

/// A link to a file, good for fifteen minutes. Whoever has it can fetch the file.
#[utoipa::path(
    post,
    path = "/v1/admin/artifacts/{id}/link",
    operation_id = "link_artifact",
    tag = "releases",
    params(("id" = Uuid, Path, description = "The file.")),
    responses((status = 200, description = "The link.", body = Link), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<Link>, Failure> {
    Ok(axum::Json(authority.operators_link(id).await?))
}
