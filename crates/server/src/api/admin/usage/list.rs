//! `GET /v1/admin/usage`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Page;
use licentia_protocol::resource::Usage;
use serde::Deserialize;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid);

/// What a list is narrowed to.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Of this licence.
    pub(crate) license_id: Option<Uuid>,
    /// Where the page before ended: its `next`.
    pub(crate) after: Option<String>,
    /// At most so many, 1 to 1,000; default: 100.
    pub(crate) limit: Option<u32>,
}

/// What was used in all, by licence and meter.
#[utoipa::path(
    get,
    path = "/v1/admin/usage",
    operation_id = "list_usage",
    tag = "usage",
    params(Asked),
    responses((status = 200, description = "A page.", body = Page<Usage>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<Usage>>, Failure> {
    Ok(axum::Json(
        authority.list_usage(asked.license_id, asked.after, asked.limit.unwrap_or(100)).await?,
    ))
}
