//! `GET /pypi/{product}/simple/`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use licentia_authority::Authority;
use serde_json::json;

use crate::api::admin::query::Path;
use crate::api::distribution::credentials::Shown;
use crate::api::distribution::{customer_problems, python};
use crate::gate::Gate;
use crate::problem::Failure;

customer_problems!();

/// The projects of a product's package index (PEP 503, PEP 691), as far as a licence covers them. It is the `--index-url`
/// of pip, with any user name; the password is a pull token or the licence key.
#[utoipa::path(
    get,
    path = "/pypi/{product}/simple/",
    operation_id = "python_projects",
    tag = "distribution",
    security(("customer" = [])),
    params(("product" = String, Path, description = "Its code.")),
    responses(
        (status = 200, description = "A page of links.", content(
            (String = "text/html"), (String = "application/vnd.pypi.simple.v1+json")
        )),
        Problems
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    gate: Gate,
    shown: Shown,
    Path(product): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    shown.enter(&gate)?;
    let told = authority.python_projects(shown.password(), product).await;
    let (projects, _) = shown.judged(&gate, told, |(_, license)| *license)?;
    let list: Vec<_> = projects.iter().map(|name| json!({ "name": name })).collect();
    let json = json!({ "meta": { "api-version": "1.0" }, "projects": list });
    let links = projects.iter().map(|name| (format!("{name}/"), name.clone(), String::new()));
    Ok(python::page(&headers, &json, python::html("Simple index", links)))
}
