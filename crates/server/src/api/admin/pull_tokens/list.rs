//! `GET /v1/admin/licenses/{id}/pull-tokens`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::distribution::PullToken;
use licentia_protocol::resource::Page;
use serde::Deserialize;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::paging::Paging;
use crate::api::admin::query::{Path, Query};
use crate::problem::Failure;

/// Which part of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// At most so many; 100 if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next` of the part before.
    after: Option<String>,
}

admin_problems!(Invalid, NoSuchResource);

/// The pull tokens of a licence, newest first.
#[utoipa::path(
    get,
    path = "/v1/admin/licenses/{id}/pull-tokens",
    operation_id = "list_pull_tokens",
    tag = "releases",
    params(("id" = Uuid, Path, description = "The licence."), Part),
    responses((status = 200, description = "A part of the list.", body = Page<PullToken>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(license_id): Path<Uuid>,
    Query(part): Query<Part>,
) -> Result<axum::Json<Page<PullToken>>, Failure> {
    let paging = Paging::of(part.limit, part.after.as_deref())?;
    let rows = authority.list_pull_tokens(license_id, paging.after, paging.ask()).await?;
    Ok(axum::Json(paging.page(rows, |token| token.id.to_string())))
}
