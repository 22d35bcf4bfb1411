//! `GET /v1/admin/licenses/export`.

use axum::extract::State;
use axum::response::Response;
use licentia_authority::Authority;
use licentia_authority::export::Format;
use licentia_protocol::resource::License;
use serde::Deserialize;

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
    /// Of this product.
    product: Option<String>,
    /// Of this plan of that product.
    plan: Option<String>,
    /// Of this customer: e-mail address or id.
    customer: Option<String>,
    /// In this state.
    state: Option<String>,
    /// Those that end before, the soonest first.
    ends_before: Option<jiff::Timestamp>,
    /// As in the list.
    search: Option<String>,
    /// As in the list.
    sort: Option<String>,
}

/// The whole list as one document, in JSON or as comma-separated values with a head line.
#[utoipa::path(
    get,
    path = "/v1/admin/licenses/export",
    operation_id = "export_licenses",
    tag = "licenses",
    params(Asked),
    responses(
        (
            status = 200,
            description = "The list.",
            content((Vec<License> = "application/json"), (String = "text/csv"))
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
    let asked = super::list::Asked {
        product: asked.product,
        plan: asked.plan,
        customer: asked.customer,
        state: asked.state,
        ends_before: asked.ends_before,
        search: asked.search,
        sort: asked.sort,
        after: None,
        limit: Some(PART),
    };
    file("licenses", format, move |after| {
        let (authority, asked) = (authority.clone(), asked.clone());
        async move {
            let page =
                authority.list_licenses(super::list::Asked { after, ..asked }.filter()?).await?;
            Ok((page.items, page.next))
        }
    })
    .await
}
