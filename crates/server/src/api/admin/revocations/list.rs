//! `GET /v1/admin/revocations`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Page;
use licentia_protocol::resource::Revocation;
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(Invalid);

/// What a list is narrowed to.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Where the page before ended: its `next`.
    pub(crate) after: Option<String>,
    /// At most so many, 1 to 1,000; default: 100.
    pub(crate) limit: Option<u32>,
}

/// Revoked licences, the latest revocation first.
#[utoipa::path(
    get,
    path = "/v1/admin/revocations",
    operation_id = "list_revocations",
    tag = "revocations",
    params(Asked),
    responses((status = 200, description = "A page.", body = Page<Revocation>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<Revocation>>, Failure> {
    Ok(axum::Json(authority.list_revocations(asked.after, asked.limit.unwrap_or(100)).await?))
}
