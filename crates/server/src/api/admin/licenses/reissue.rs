//! `POST /v1/admin/licenses/{id}/reissue`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::License;
use uuid::Uuid;

use crate::api::admin::IF_MATCH;
use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

use crate::openapi::IDEMPOTENCY_KEY;

admin_problems!(
    NoSuchResource,
    WrongState,
    PreconditionFailed,
    InProgress,
    IdempotencyKeyReused,
    TooLarge
);

/// Gives a licence a new key; it stays what it is.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/{id}/reissue",
    operation_id = "reissue_license",
    tag = "licenses",
    params(("id" = Uuid, Path, description = "The licence."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY), ("If-Match" = Option<String>, Header, description = IF_MATCH)),
    responses((status = 200, description = "The licence, with its new key.", body = License), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<License>, Failure> {
    let ask = caller.ask(&())?;
    Ok(Versioned(authority.reissue(id, ask).await?))
}
