//! `POST /v1/admin/plans`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::catalog::NewPlan;
use licentia_protocol::resource::Plan;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, AlreadyExists, Invalid, InProgress, IdempotencyKeyReused, TooLarge);

/// Makes a plan of a product.
#[utoipa::path(
    post,
    path = "/v1/admin/plans",
    operation_id = "create_plan",
    tag = "plans",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = NewPlan,
    responses((status = 201, description = "The plan.", body = Plan), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<NewPlan>,
) -> Result<(StatusCode, Versioned<Plan>), Failure> {
    let ask = caller.ask(&request)?;
    Ok((StatusCode::CREATED, Versioned(authority.create_plan(request, ask).await?)))
}
