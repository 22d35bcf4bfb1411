//! `PATCH /v1/admin/plans/{product}/{code}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::catalog::PlanFields;
use licentia_protocol::resource::Plan;

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
    PreconditionFailed,
    Invalid,
    InProgress,
    IdempotencyKeyReused,
    TooLarge
);

/// Changes what is told of a plan; licences that were issued keep what they say.
#[utoipa::path(
    patch,
    path = "/v1/admin/plans/{product}/{code}",
    operation_id = "update_plan",
    tag = "plans",
    params(("product" = String, Path, description = "Code of the product."), ("code" = String, Path, description = "Code of the plan."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY), ("If-Match" = Option<String>, Header, description = IF_MATCH)),
    request_body = PlanFields,
    responses((status = 200, description = "The plan as it is now.", body = Plan), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path((product, code)): Path<(String, String)>,
    Json(request): Json<PlanFields>,
) -> Result<Versioned<Plan>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(Versioned(authority.update_plan(product, code, request, ask).await?))
}
