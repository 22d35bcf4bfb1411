//! `POST /v1/admin/licenses/{id}/replace-key`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::licenses::ReplaceKey;
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

/// Gives a licence a new key and revokes the one before, as after a leak.
///
/// Licence, seats and history stay what they are, and running installations go on. Where the customer's key was somebody
/// else's, or one that would come out the same again, the new one is short.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/{id}/replace-key",
    operation_id = "replace_license_key",
    tag = "licenses",
    params(("id" = Uuid, Path, description = "The licence."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY), ("If-Match" = Option<String>, Header, description = IF_MATCH)),
    request_body = ReplaceKey,
    responses((status = 200, description = "The licence, with its new key.", body = License), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<ReplaceKey>,
) -> Result<Versioned<License>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(Versioned(authority.replace_key(id, request, ask).await?))
}
