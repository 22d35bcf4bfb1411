//! `GET /v1/releases/{product}/latest`.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use licentia_authority::Authority;
use licentia_authority::releases::latest::LatestRequest;
use licentia_protocol::distribution::Latest;
use serde::Deserialize;

use crate::api::admin::query::{Path, Query};
use crate::api::distribution::credentials::Shown;
use crate::api::distribution::customer_problems;
use crate::gate::Gate;
use crate::problem::Failure;

/// What the application is.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// The channel that it follows; `stable`, if nothing is said.
    channel: Option<String>,
    /// The version that it is: only a newer one is told.
    version: Option<String>,
    /// The platform that it runs on; files for `any` are for all.
    platform: Option<String>,
}

customer_problems!(Invalid);

/// The newest release for an application, as far as its licence covers it; also as a signed document, which no proxy can
/// change. The licence key, or a pull token, is the password.
#[utoipa::path(
    get,
    path = "/v1/releases/{product}/latest",
    operation_id = "latest_release",
    tag = "distribution",
    security(("customer" = [])),
    params(("product" = String, Path, description = "Its code."), Parameters),
    responses((status = 200, description = "What is new, or that nothing is.", body = Latest), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    gate: Gate,
    shown: Shown,
    Path(product): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Failure> {
    shown.enter(&gate)?;
    let Parameters { channel, version, platform } = parameters;
    let request = LatestRequest { product, channel, version, platform };
    let told = authority.latest_release(shown.password(), request).await;
    let (latest, _) = shown.judged(&gate, told, |(_, license)| *license)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(latest)).into_response())
}
