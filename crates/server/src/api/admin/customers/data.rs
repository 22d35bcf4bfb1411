//! `GET /v1/admin/customers/{id}/data`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::privacy::CustomerData;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid);

/// All that is kept of a customer: himself, his licences with their keys, where they ran, payments, and the audit trail
/// with the personal values that it commits to.
#[utoipa::path(
    get,
    path = "/v1/admin/customers/{id}/data",
    operation_id = "export_customer_data",
    tag = "customers",
    params(("id" = String, Path, description = "The customer: id or e-mail address.")),
    responses((status = 200, description = "What is kept.", body = CustomerData), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<CustomerData>, Failure> {
    Ok(axum::Json(authority.customer_data(id).await?))
}
