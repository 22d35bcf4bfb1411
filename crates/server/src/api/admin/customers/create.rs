//! `POST /v1/admin/customers`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::licenses::NewCustomer;
use licentia_protocol::resource::Customer;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(AlreadyExists, Invalid, InProgress, IdempotencyKeyReused, TooLarge);

/// Makes a customer; an address is taken once.
#[utoipa::path(
    post,
    path = "/v1/admin/customers",
    operation_id = "create_customer",
    tag = "customers",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = NewCustomer,
    responses((status = 201, description = "The customer.", body = Customer), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<NewCustomer>,
) -> Result<(StatusCode, Versioned<Customer>), Failure> {
    let ask = caller.ask(&request)?;
    Ok((StatusCode::CREATED, Versioned(authority.create_customer(request, ask).await?)))
}
