//! `GET /v1/admin/plans`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Page;
use licentia_protocol::resource::Plan;
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::paging::Paging;
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid);

/// Whose plans.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Of this product.
    product: Option<String>,
    /// At most so many; 100 if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next` of the part before.
    after: Option<String>,
}

/// Plans, by product and rank.
#[utoipa::path(
    get,
    path = "/v1/admin/plans",
    operation_id = "list_plans",
    tag = "plans",
    params(Asked),
    responses((status = 200, description = "A part of the list.", body = Page<Plan>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<Plan>>, Failure> {
    let paging = Paging::<String>::of(asked.limit, asked.after.as_deref())?;
    let place = |plan: &Plan| format!("{}/{}", plan.product, plan.code);
    let all = authority.list_plans(asked.product).await?;
    Ok(axum::Json(paging.page(paging.rest(all, place), place)))
}
