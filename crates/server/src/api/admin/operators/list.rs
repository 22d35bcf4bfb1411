//! `GET /v1/admin/operators`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::{Operator, Page};
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::paging::Paging;
use crate::api::admin::query::Query;
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

admin_problems!(Invalid);

/// Operators, by name.
#[utoipa::path(
    get,
    path = "/v1/admin/operators",
    operation_id = "list_operators",
    tag = "operators",
    params(Part),
    responses((status = 200, description = "A part of the list.", body = Page<Operator>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(part): Query<Part>,
) -> Result<axum::Json<Page<Operator>>, Failure> {
    let paging = Paging::<String>::of(part.limit, part.after.as_deref())?;
    let rows = authority.list_operators(paging.after.clone(), paging.ask()).await?;
    Ok(axum::Json(paging.page(rows, |operator| operator.name.clone())))
}
