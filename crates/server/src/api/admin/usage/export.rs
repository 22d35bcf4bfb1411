//! `GET /v1/admin/usage/export`.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use licentia_authority::Authority;
use licentia_authority::export::Format;
use licentia_authority::licenses::usage::Filter;
use licentia_protocol::resource::Usage;
use serde::Deserialize;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::export::{PART, file, format};
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid);

/// As what, and what the list is narrowed to.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// `json` (default) or `csv`.
    format: Option<String>,
    /// Of this licence.
    license_id: Option<Uuid>,
    /// By `hour`, `day` or `month`, of the calendar and in UTC, as far back as hours are kept; `total` (default): in all.
    per: Option<String>,
    /// Only what was used from then on.
    since: Option<Timestamp>,
    /// Only what was used before.
    until: Option<Timestamp>,
}

/// The whole list as one document, in JSON or as comma-separated values with a head line.
#[utoipa::path(
    get,
    path = "/v1/admin/usage/export",
    operation_id = "export_usage",
    tag = "usage",
    params(Asked),
    responses(
        (
            status = 200,
            description = "The list.",
            content((Vec<Usage> = "application/json"), (String = "text/csv"))
        ),
        Problems,
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let format: Format = format(asked.format.as_deref())?;
    file("usage", format, move |after| {
        let (authority, asked) = (authority.clone(), asked.clone());
        async move {
            let filter = Filter {
                license_id: asked.license_id,
                per: asked.per,
                since: asked.since.map(Timestamp::as_second),
                until: asked.until.map(Timestamp::as_second),
                after,
                limit: PART,
            };
            let page = authority.list_usage(filter).await?;
            Ok((page.items, page.next))
        }
    })
    .await
}
