//! `GET /v1/admin/licenses`.

use axum::extract::State;
use jiff::Timestamp;
use licentia_authority::licenses::list::Filter;
use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::resource::License;
use licentia_protocol::resource::Page;
use serde::Deserialize;

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
    /// Of this product.
    pub(crate) product: Option<String>,
    /// Of this plan of that product.
    pub(crate) plan: Option<String>,
    /// Of this customer: e-mail address or id.
    pub(crate) customer: Option<String>,
    /// In this state: `active`, `trial`, `suspended`, `expired`, `cancelled` or `revoked`.
    pub(crate) state: Option<String>,
    /// Those that end before, the soonest first.
    pub(crate) ends_before: Option<Timestamp>,
    /// An id of the licence, of its key or an activation; words that begin words of its customer's address, name or
    /// organisation; or the beginning of the name of one of its clusters.
    pub(crate) search: Option<String>,
    /// `created_at` or `expires_at`, with `-` in front for the other way round; default: `-created_at`.
    pub(crate) sort: Option<String>,
    /// Where the page before ended: its `next`.
    pub(crate) after: Option<String>,
    /// At most so many, 1 to 1,000; default: 100.
    pub(crate) limit: Option<u32>,
}

impl Asked {
    pub(crate) fn filter(self) -> Result<Filter, AuthorityError> {
        Ok(Filter {
            product: self.product,
            plan: self.plan,
            customer: self.customer,
            state: self.state,
            ends_before: self.ends_before.map(Timestamp::as_second),
            search: self.search,
            sort: self.sort.map(|sort| sort.parse()).transpose()?,
            after: self.after,
            limit: self.limit.unwrap_or(100),
        })
    }
}

/// Licences, newest first; a search in the order of what it finds.
#[utoipa::path(
    get,
    path = "/v1/admin/licenses",
    operation_id = "list_licenses",
    tag = "licenses",
    params(Asked),
    responses((status = 200, description = "A page.", body = Page<License>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<License>>, Failure> {
    Ok(axum::Json(authority.list_licenses(asked.filter()?).await?))
}
