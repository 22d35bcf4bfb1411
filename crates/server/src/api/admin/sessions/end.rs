//! `DELETE /v1/admin/sessions/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, InProgress, IdempotencyKeyReused);

/// Ends a session: one's own, or for an owner anybody's.
#[utoipa::path(
    delete,
    path = "/v1/admin/sessions/{id}",
    operation_id = "end_session",
    tag = "sessions",
    params(
        ("id" = Uuid, Path, description = "Its id."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    responses((status = 204, description = "It is over."), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    authority.end_session(id, &caller.principal, caller.ask(&())?).await?;
    Ok(StatusCode::NO_CONTENT)
}
