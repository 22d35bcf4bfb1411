//! `GET /v1/admin/products/export`.

use axum::extract::State;
use axum::response::Response;
use licentia_authority::Authority;
use licentia_protocol::resource::Product;
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::export::{file, format};
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(Invalid);

/// As what.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// `json` (default) or `csv`.
    format: Option<String>,
}

/// The whole list as one document, in JSON or as comma-separated values with a head line.
#[utoipa::path(
    get,
    path = "/v1/admin/products/export",
    operation_id = "export_products",
    tag = "products",
    params(Asked),
    responses(
        (
            status = 200,
            description = "The list.",
            content((Vec<Product> = "application/json"), (String = "text/csv"))
        ),
        Problems,
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let format = format(asked.format.as_deref())?;
    // The list is short.
    file("products", format, move |_: Option<()>| {
        let authority = authority.clone();
        async move { Ok((authority.list_products().await?, None)) }
    })
    .await
}
