//! `POST /v1/admin/licenses/{id}/maintain`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::licenses::Term;
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

/// Sets until when releases are part of a licence, apart from the right to use it; days count from the former end, or
/// from now where that has passed.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/{id}/maintain",
    operation_id = "maintain_license",
    tag = "licenses",
    params(("id" = Uuid, Path, description = "The licence."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY), ("If-Match" = Option<String>, Header, description = IF_MATCH)),
    request_body = Term,
    responses((status = 200, description = "The licence, with its new end of updates and key.", body = License), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<Term>,
) -> Result<Versioned<License>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(Versioned(authority.maintain(id, request, ask).await?))
}
