//! `GET /v1/admin/usage`.

use axum::extract::State;
use jiff::Timestamp;
use licentia_authority::Authority;
use licentia_authority::licenses::usage::Filter;
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
    /// By `hour`, `day` or `month`, of the calendar and in UTC, as far back as hours are kept; `total` (default): in all.
    pub(crate) per: Option<String>,
    /// Only what was used from then on.
    pub(crate) since: Option<Timestamp>,
    /// Only what was used before.
    pub(crate) until: Option<Timestamp>,
    /// Where the page before ended: its `next`.
    pub(crate) after: Option<String>,
    /// At most so many, 1 to 1,000; default: 100.
    pub(crate) limit: Option<u32>,
}

impl Asked {
    pub(crate) fn filter(self) -> Filter {
        Filter {
            license_id: self.license_id,
            per: self.per,
            since: self.since.map(Timestamp::as_second),
            until: self.until.map(Timestamp::as_second),
            after: self.after,
            limit: self.limit.unwrap_or(100),
        }
    }
}

/// What was used, by licence and meter: in all, or by hour, day or month.
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
    Ok(axum::Json(authority.list_usage(asked.filter()).await?))
}
