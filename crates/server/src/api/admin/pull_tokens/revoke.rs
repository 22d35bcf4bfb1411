//! `DELETE /v1/admin/pull-tokens/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::distribution::PullToken;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, InProgress, IdempotencyKeyReused);

/// Revokes a pull token: it opens nothing from the next request on. A second time changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/admin/pull-tokens/{id}",
    operation_id = "revoke_pull_token",
    tag = "releases",
    params(
        ("id" = Uuid, Path, description = "Its id."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    responses((status = 200, description = "The token, revoked.", body = PullToken), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<PullToken>, Failure> {
    Ok(Versioned(authority.revoke_pull_token(id, caller.ask(&())?).await?))
}
