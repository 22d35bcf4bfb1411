//! `DELETE /v1/admin/operators/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::IF_MATCH;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, LastOwner, PreconditionFailed, InProgress, IdempotencyKeyReused);

/// Removes an operator with its tokens and sessions. What it did stays in the audit trail.
#[utoipa::path(
    delete,
    path = "/v1/admin/operators/{id}",
    operation_id = "remove_operator",
    tag = "operators",
    params(
        ("id" = Uuid, Path, description = "Its id."),
        ("If-Match" = Option<String>, Header, description = IF_MATCH),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    responses((status = 204, description = "It is gone."), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    authority.remove_operator(id, caller.ask(&())?).await?;
    Ok(StatusCode::NO_CONTENT)
}
