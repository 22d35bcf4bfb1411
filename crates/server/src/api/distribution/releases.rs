//! `GET /v1/releases/{product}`.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use licentia_authority::Authority;
use licentia_protocol::distribution::CoveredRelease;
use licentia_protocol::resource::Page;
use serde::Deserialize;

use crate::api::admin::query::{Path, Query};
use crate::api::distribution::credentials::Shown;
use crate::api::distribution::customer_problems;
use crate::gate::Gate;
use crate::problem::Failure;

/// What the list is narrowed to.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// Only this version.
    version: Option<String>,
}

customer_problems!();

/// The releases that a licence covers, the one published last first, with links that are good for fifteen minutes. The
/// licence key, or a pull token, is the password.
#[utoipa::path(
    get,
    path = "/v1/releases/{product}",
    operation_id = "covered_releases",
    tag = "distribution",
    security(("customer" = [])),
    params(("product" = String, Path, description = "Its code."), Parameters),
    responses((status = 200, description = "All of them; `next` is always `null`.", body = Page<CoveredRelease>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    gate: Gate,
    shown: Shown,
    Path(product): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Failure> {
    shown.enter(&gate)?;
    let told = authority.covered_releases(shown.password(), product, parameters.version).await;
    let (items, _) = shown.judged(&gate, told, |(_, license)| *license)?;
    let page = Page { items, next: None };
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(page)).into_response())
}
