//! `DELETE /v1/admin/webhooks/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use uuid::Uuid;

use crate::api::admin::IF_MATCH;
use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid, PreconditionFailed, InProgress, IdempotencyKeyReused);

/// Removes a webhook; what waits for it is given up.
#[utoipa::path(
    delete,
    path = "/v1/admin/webhooks/{id}",
    operation_id = "delete_webhook",
    tag = "webhooks",
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
    authority.delete_webhook(id, caller.ask(&())?).await?;
    Ok(StatusCode::NO_CONTENT)
}
