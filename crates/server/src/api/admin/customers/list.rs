//! `GET /v1/admin/customers`.

use axum::extract::State;
use licentia_authority::customers::list::Filter;
use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::resource::Customer;
use licentia_protocol::resource::Page;
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Query;
use crate::api::admin::query::ascending;
use crate::problem::Failure;

admin_problems!(Invalid);

/// What a list is narrowed to.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Words that begin words of the address, the name or the organisation.
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
            search: self.search,
            ascending: ascending(self.sort.as_deref())?,
            after: self.after,
            limit: self.limit.unwrap_or(100),
        })
    }
}

/// Customers, newest first; a search in the order of the words it finds.
#[utoipa::path(
    get,
    path = "/v1/admin/customers",
    operation_id = "list_customers",
    tag = "customers",
    params(Asked),
    responses((status = 200, description = "A page.", body = Page<Customer>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<Customer>>, Failure> {
    Ok(axum::Json(authority.list_customers(asked.filter()?).await?))
}
