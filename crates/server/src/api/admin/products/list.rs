//! `GET /v1/admin/products`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Page;
use licentia_protocol::resource::Product;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::problem::Failure;

admin_problems!();

/// Products, by code.
#[utoipa::path(
    get,
    path = "/v1/admin/products",
    operation_id = "list_products",
    tag = "products",
    responses((status = 200, description = "All of them; the list is short.", body = Page<Product>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
) -> Result<axum::Json<Page<Product>>, Failure> {
    Ok(axum::Json(Page { items: authority.list_products().await?, next: None }))
}
