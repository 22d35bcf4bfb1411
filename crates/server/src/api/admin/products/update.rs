//! `PATCH /v1/admin/products/{code}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::catalog::ProductFields;
use licentia_protocol::resource::Product;

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

/// Changes what is told of a product.
#[utoipa::path(
    patch,
    path = "/v1/admin/products/{code}",
    operation_id = "update_product",
    tag = "products",
    params(("code" = String, Path, description = "Its code."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY), ("If-Match" = Option<String>, Header, description = IF_MATCH)),
    request_body = ProductFields,
    responses((status = 200, description = "The product as it is now.", body = Product), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(code): Path<String>,
    Json(request): Json<ProductFields>,
) -> Result<Versioned<Product>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(Versioned(authority.update_product(code, request, ask).await?))
}
