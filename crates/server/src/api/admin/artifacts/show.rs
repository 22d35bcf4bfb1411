//! `GET /v1/admin/artifacts/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_authority::releases::list::artifact_view;
use licentia_protocol::distribution::Upload;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::artifacts::{PART, Store};
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// A file of a release, and which of its parts are here.
#[utoipa::path(
    get,
    path = "/v1/admin/artifacts/{id}",
    operation_id = "show_artifact",
    tag = "releases",
    params(("id" = Uuid, Path, description = "Its id.")),
    responses((status = 200, description = "How far the upload is.", body = Upload), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Store(artifacts): Store,
    _: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<Upload>, Failure> {
    let (artifact, _) = authority.artifact(id).await?;
    let parts = match artifact.stored_at {
        Some(_) => Vec::new(),
        None => artifacts.parts(&artifact).await?,
    };
    Ok(axum::Json(Upload { artifact: artifact_view(&artifact), part_size: PART, parts }))
}
