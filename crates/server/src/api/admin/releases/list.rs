//! `GET /v1/admin/releases`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::distribution::Release;
use licentia_protocol::resource::Page;
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::paging::Paging;
use crate::api::admin::query::Query;
use crate::problem::Failure;

/// What the list is narrowed to.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// At most so many; 100 if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next` of the part before.
    after: Option<String>,
    /// Only those of this product, by its code.
    product: Option<String>,
}

admin_problems!(Invalid, NoSuchResource);

/// Releases with their files, newest first.
#[utoipa::path(
    get,
    path = "/v1/admin/releases",
    operation_id = "list_releases",
    tag = "releases",
    params(Filter),
    responses((status = 200, description = "A part of the list.", body = Page<Release>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(filter): Query<Filter>,
) -> Result<axum::Json<Page<Release>>, Failure> {
    let paging = Paging::of(filter.limit, filter.after.as_deref())?;
    let rows = authority.list_releases(filter.product, paging.after, paging.ask()).await?;
    Ok(axum::Json(paging.page(rows, |release| release.id.to_string())))
}
