//! `PUT /v1/admin/licenses/{id}/addons`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::licenses::Addons;
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

/// Sets what is granted beside the plan, in place of what was agreed before.
#[utoipa::path(
    put,
    path = "/v1/admin/licenses/{id}/addons",
    operation_id = "set_addons",
    tag = "licenses",
    params(("id" = Uuid, Path, description = "The licence."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY), ("If-Match" = Option<String>, Header, description = IF_MATCH)),
    request_body = Addons,
    responses((status = 200, description = "The licence, with what is agreed now.", body = License), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<Addons>,
) -> Result<Versioned<License>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(Versioned(authority.set_addons(id, request, ask).await?))
}
