//! `GET /v1/admin/products/{code}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Product;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// One product.
#[utoipa::path(
    get,
    path = "/v1/admin/products/{code}",
    operation_id = "show_product",
    tag = "products",
    params(("code" = String, Path, description = "Its code.")),
    responses((status = 200, description = "It.", body = Product), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(code): Path<String>,
) -> Result<Versioned<Product>, Failure> {
    Ok(Versioned(authority.show_product(code).await?))
}
