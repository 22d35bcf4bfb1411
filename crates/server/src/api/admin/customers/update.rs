//! `PATCH /v1/admin/customers/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::licenses::EditCustomer;
use licentia_protocol::resource::Customer;
use uuid::Uuid;

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
    AlreadyExists,
    PreconditionFailed,
    Invalid,
    InProgress,
    IdempotencyKeyReused,
    TooLarge
);

/// Changes what is told; licences say what they said until they are issued anew.
#[utoipa::path(
    patch,
    path = "/v1/admin/customers/{id}",
    operation_id = "update_customer",
    tag = "customers",
    params(("id" = Uuid, Path, description = "The customer."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY), ("If-Match" = Option<String>, Header, description = IF_MATCH)),
    request_body = EditCustomer,
    responses((status = 200, description = "The customer as he is now.", body = Customer), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<EditCustomer>,
) -> Result<Versioned<Customer>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(Versioned(authority.update_customer(id, request, ask).await?))
}
