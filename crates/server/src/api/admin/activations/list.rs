//! `GET /v1/admin/activations`.

use axum::extract::State;
use licentia_authority::activations::list::Filter;
use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::resource::Activation;
use licentia_protocol::resource::Page;
use serde::Deserialize;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Query;
use crate::api::admin::query::ascending;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid);

/// What a list is narrowed to.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Of this licence.
    pub(crate) license_id: Option<Uuid>,
    /// Those that hold a seat, or those that hold none.
    pub(crate) live: Option<bool>,
    /// The beginning of a cluster id.
    pub(crate) search: Option<String>,
    /// `created_at` or `-created_at` (default).
    pub(crate) sort: Option<String>,
    /// Where the page before ended: its `next`.
    pub(crate) after: Option<String>,
    /// At most so many, 1 to 1,000; default: 100.
    pub(crate) limit: Option<u32>,
}

impl Asked {
    pub(crate) fn filter(self) -> Result<Filter, AuthorityError> {
        Ok(Filter {
            license_id: self.license_id,
            live: self.live,
            search: self.search,
            ascending: ascending(self.sort.as_deref())?,
            after: self.after,
            limit: self.limit.unwrap_or(100),
        })
    }
}

/// Activations, newest first; a search in the order of the cluster ids.
#[utoipa::path(
    get,
    path = "/v1/admin/activations",
    operation_id = "list_activations",
    tag = "activations",
    params(Asked),
    responses((status = 200, description = "A page.", body = Page<Activation>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<Activation>>, Failure> {
    Ok(axum::Json(authority.page_of_activations(asked.filter()?).await?))
}
