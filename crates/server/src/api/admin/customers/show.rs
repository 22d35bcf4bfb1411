//! `GET /v1/admin/customers/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Customer;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// One customer.
#[utoipa::path(
    get,
    path = "/v1/admin/customers/{id}",
    operation_id = "show_customer",
    tag = "customers",
    params(("id" = String, Path, description = "The customer: id or e-mail address.")),
    responses((status = 200, description = "It.", body = Customer), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<Customer>, Failure> {
    Ok(Versioned(authority.show_customer(id).await?))
}
