//! `POST /v1/admin/revocations/{key_id}/lift`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::revocations::KeyRevocation;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, WrongState, Invalid, InProgress, IdempotencyKeyReused);

/// Takes the revocation of a key back that is none of a licence here. A line of `revocations.txt` that is gone does not
/// do that by itself.
#[utoipa::path(
    post,
    path = "/v1/admin/revocations/{key_id}/lift",
    operation_id = "lift_revocation",
    tag = "revocations",
    params(
        ("key_id" = String, Path, description = "The key's id."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    responses((status = 200, description = "It is lifted.", body = KeyRevocation), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(key_id): Path<String>,
) -> Result<axum::Json<KeyRevocation>, Failure> {
    Ok(axum::Json(authority.lift_revocation(key_id, caller.ask(&())?).await?))
}
