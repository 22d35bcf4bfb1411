//! `POST /v1/admin/releases/{id}/artifacts`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::distribution::{Artifact, NewArtifact};
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(
    TooLarge,
    Invalid,
    NoSuchResource,
    WrongState,
    AlreadyExists,
    InProgress,
    IdempotencyKeyReused
);

/// Says that a file of a draft is going to be uploaded. The very same file once more is no new one, so that an upload
/// which was cut short can go on.
#[utoipa::path(
    post,
    path = "/v1/admin/releases/{id}/artifacts",
    operation_id = "announce_artifact",
    tag = "releases",
    params(
        ("id" = Uuid, Path, description = "The release."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    request_body = NewArtifact,
    responses((status = 201, description = "The file, not stored yet.", body = Artifact), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<NewArtifact>,
) -> Result<(StatusCode, Versioned<Artifact>), Failure> {
    let ask = caller.ask(&request)?;
    Ok((StatusCode::CREATED, Versioned(authority.announce_artifact(id, request, ask).await?)))
}
