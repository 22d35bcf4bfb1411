//! `POST /v1/admin/revocations`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::revocations::{KeyRevocation, RevokeKey};

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(Invalid, TooLarge, InProgress, IdempotencyKeyReused);

/// Revokes a key by its id, whether it was issued here or not. A licence whose key in force it is, or whose id it is, is
/// revoked with it; of a key from before only that key is, and the licence and its seats stay as they are.
#[utoipa::path(
    post,
    path = "/v1/admin/revocations",
    operation_id = "revoke_key",
    tag = "revocations",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = RevokeKey,
    responses((status = 200, description = "What is revoked now; the former revocation where there was one.", body = KeyRevocation), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<RevokeKey>,
) -> Result<axum::Json<KeyRevocation>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(axum::Json(authority.revoke_key(request, ask).await?))
}
