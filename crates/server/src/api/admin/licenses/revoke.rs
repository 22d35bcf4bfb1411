//! `POST /v1/admin/licenses/{id}/revoke`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::licenses::Revoke;
use licentia_protocol::resource::License;
use uuid::Uuid;

use crate::api::admin::IF_MATCH;
use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(
    NoSuchResource,
    WrongState,
    PreconditionFailed,
    Invalid,
    InProgress,
    IdempotencyKeyReused,
    TooLarge
);

/// Ends a licence for good, at once or after a grace.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/{id}/revoke",
    operation_id = "revoke_license",
    tag = "licenses",
    params(("id" = Uuid, Path, description = "The licence."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY), ("If-Match" = Option<String>, Header, description = IF_MATCH)),
    request_body = Revoke,
    responses((status = 200, description = "The licence, revoked.", body = License), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<Revoke>,
) -> Result<Versioned<License>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(Versioned(authority.revoke(id, request.reason, request.grace_s, ask).await?))
}
