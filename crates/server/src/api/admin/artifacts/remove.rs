//! `DELETE /v1/admin/artifacts/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::distribution::Artifact;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::artifacts::Store;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, WrongState, InProgress, IdempotencyKeyReused);

/// Takes a file out of a draft, with the parts that were uploaded.
#[utoipa::path(
    delete,
    path = "/v1/admin/artifacts/{id}",
    operation_id = "remove_artifact",
    tag = "releases",
    params(
        ("id" = Uuid, Path, description = "The file."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    responses((status = 200, description = "The file, as it was.", body = Artifact), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Store(artifacts): Store,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Artifact>, Failure> {
    let removed = authority.remove_artifact(id, caller.ask(&())?).await?;
    artifacts.forget_parts(id).await?;
    Ok(Versioned(removed))
}
