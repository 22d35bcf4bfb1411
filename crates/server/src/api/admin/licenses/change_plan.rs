//! `POST /v1/admin/licenses/{id}/change-plan`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::licenses::ChangePlan;
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

/// Changes the plan; products activate again, and where there are fewer seats now, those heard of last keep theirs.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/{id}/change-plan",
    operation_id = "change_plan",
    tag = "licenses",
    params(("id" = Uuid, Path, description = "The licence."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY), ("If-Match" = Option<String>, Header, description = IF_MATCH)),
    request_body = ChangePlan,
    responses((status = 200, description = "The licence, on its new plan.", body = License), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<ChangePlan>,
) -> Result<Versioned<License>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(Versioned(authority.change_plan(id, request, ask).await?))
}
