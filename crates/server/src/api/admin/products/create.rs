//! `POST /v1/admin/products`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::catalog::NewProduct;
use licentia_protocol::resource::Product;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(AlreadyExists, Invalid, InProgress, IdempotencyKeyReused, TooLarge);

/// Makes a product; its default plan may be made after it.
#[utoipa::path(
    post,
    path = "/v1/admin/products",
    operation_id = "create_product",
    tag = "products",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = NewProduct,
    responses((status = 201, description = "The product.", body = Product), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<NewProduct>,
) -> Result<(StatusCode, Versioned<Product>), Failure> {
    let ask = caller.ask(&request)?;
    Ok((StatusCode::CREATED, Versioned(authority.create_product(request, ask).await?)))
}
