//! `GET /v1/admin/plans`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Page;
use licentia_protocol::resource::Plan;
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// Whose plans.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Of this product.
    product: Option<String>,
}

/// Plans, by product and rank.
#[utoipa::path(
    get,
    path = "/v1/admin/plans",
    operation_id = "list_plans",
    tag = "plans",
    params(Asked),
    responses((status = 200, description = "All of them; the list is short.", body = Page<Plan>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<Plan>>, Failure> {
    Ok(axum::Json(Page { items: authority.list_plans(asked.product).await?, next: None }))
}
