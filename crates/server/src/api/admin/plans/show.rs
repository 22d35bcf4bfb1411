//! `GET /v1/admin/plans/{product}/{code}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Plan;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// One plan.
#[utoipa::path(
    get,
    path = "/v1/admin/plans/{product}/{code}",
    operation_id = "show_plan",
    tag = "plans",
    params(("product" = String, Path, description = "Code of the product."), ("code" = String, Path, description = "Code of the plan.")),
    responses((status = 200, description = "It.", body = Plan), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path((product, code)): Path<(String, String)>,
) -> Result<Versioned<Plan>, Failure> {
    Ok(Versioned(authority.show_plan(product, code).await?))
}
