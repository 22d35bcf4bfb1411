//! `GET /v1/admin/products`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::{Page, Product};
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::paging::Paging;
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(Invalid);

/// Which part of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// At most so many; 100 if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next` of the part before.
    after: Option<String>,
}

/// Products, by code.
#[utoipa::path(
    get,
    path = "/v1/admin/products",
    operation_id = "list_products",
    tag = "products",
    params(Part),
    responses((status = 200, description = "A part of the list.", body = Page<Product>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(part): Query<Part>,
) -> Result<axum::Json<Page<Product>>, Failure> {
    let paging = Paging::<String>::of(part.limit, part.after.as_deref())?;
    let place = |product: &Product| product.code.clone();
    let all = authority.list_products().await?;
    Ok(axum::Json(paging.page(paging.rest(all, place), place)))
}
