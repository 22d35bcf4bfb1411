//! `GET /v1/admin/payments`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Page;
use licentia_protocol::resource::Payment;
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(Invalid);

/// Which part of the list.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Where the page before ended: its `next`.
    pub(crate) after: Option<String>,
    /// At most so many, 1 to 1,000; default: 100.
    pub(crate) limit: Option<u32>,
}

/// Events of payment providers, the last that came first.
#[utoipa::path(
    get,
    path = "/v1/admin/payments",
    operation_id = "list_payments",
    tag = "payments",
    params(Asked),
    responses((status = 200, description = "A page.", body = Page<Payment>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<Payment>>, Failure> {
    Ok(axum::Json(authority.list_payments(asked.after, asked.limit.unwrap_or(100)).await?))
}
