//! `POST /v1/admin/releases/{id}/publish`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::distribution::Release;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, WrongState, InProgress, IdempotencyKeyReused);

/// Publishes a draft whose files are all stored; from then on it stays what it is. A second time changes nothing.
#[utoipa::path(
    post,
    path = "/v1/admin/releases/{id}/publish",
    operation_id = "publish_release",
    tag = "releases",
    params(
        ("id" = Uuid, Path, description = "Its id."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    responses((status = 200, description = "The release, out.", body = Release), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Release>, Failure> {
    Ok(Versioned(authority.publish_release(id, caller.ask(&())?).await?))
}
