//! `POST /v1/admin/licenses/{id}/transfer`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::licenses::Transfer;
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

/// Gives a licence to another customer. Keys and seats of the former one count no more, unless the installations go along.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/{id}/transfer",
    operation_id = "transfer_license",
    tag = "licenses",
    params(("id" = Uuid, Path, description = "The licence."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY), ("If-Match" = Option<String>, Header, description = IF_MATCH)),
    request_body = Transfer,
    responses((status = 200, description = "The licence, with its new key.", body = License), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<Transfer>,
) -> Result<Versioned<License>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(Versioned(authority.transfer(id, request, ask).await?))
}
