//! `GET /v1/admin/activations/export`.

use axum::extract::State;
use axum::response::Response;
use licentia_authority::Authority;
use licentia_authority::export::Format;
use licentia_protocol::resource::Activation;
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
    /// Those that hold a seat, or those that hold none.
    live: Option<bool>,
    /// The beginning of a cluster id.
    search: Option<String>,
    /// As in the list.
    sort: Option<String>,
}

/// The whole list as one document, in JSON or as comma-separated values with a head line.
#[utoipa::path(
    get,
    path = "/v1/admin/activations/export",
    operation_id = "export_activations",
    tag = "activations",
    params(Asked),
    responses(
        (
            status = 200,
            description = "The list.",
            content((Vec<Activation> = "application/json"), (String = "text/csv"))
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
        license_id: asked.license_id,
        live: asked.live,
        search: asked.search,
        sort: asked.sort,
        after: None,
        limit: Some(PART),
    };
    file("activations", format, move |after| {
        let (authority, asked) = (authority.clone(), asked.clone());
        async move {
            let page = authority
                .page_of_activations(super::list::Asked { after, ..asked }.filter()?)
                .await?;
            Ok((page.items, page.next))
        }
    })
    .await
}
