//! `GET /pypi/{product}/simple/{project}/`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use licentia_authority::Authority;
use licentia_authority::releases::python::{Wheel, normalized};
use serde_json::{Value, json};

use crate::api::admin::query::Path;
use crate::api::distribution::credentials::Shown;
use crate::api::distribution::customer_problems;
use crate::api::distribution::python::{html, page};
use crate::gate::Gate;
use crate::html::escaped;
use crate::problem::Failure;

customer_problems!(NoSuchResource);

/// The wheels of a project that a licence covers, with links that are good for fifteen minutes, hashes and
/// `Requires-Python`.
#[utoipa::path(
    get,
    path = "/pypi/{product}/simple/{project}/",
    operation_id = "python_wheels",
    tag = "distribution",
    security(("customer" = [])),
    params(
        ("product" = String, Path, description = "Its code."),
        ("project" = String, Path, description = "The project's name.")
    ),
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
    Path((product, project)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    shown.enter(&gate)?;
    let told = authority.python_wheels(shown.password(), product, project.clone()).await;
    let (wheels, _) = shown.judged(&gate, told, |(_, license)| *license)?;
    let name = normalized(&project);
    let files: Vec<Value> = wheels.iter().map(file).collect();
    let json = json!({ "meta": { "api-version": "1.0" }, "name": name, "files": files });
    let links = wheels.iter().map(|wheel| {
        let requires = wheel
            .requires_python
            .as_ref()
            .map(|requirement| format!(" data-requires-python=\"{}\"", escaped(requirement)));
        let href = format!("{}#sha256={}", wheel.href, wheel.sha256);
        (href, wheel.name.clone(), requires.unwrap_or_default())
    });
    Ok(page(&headers, &json, html(&format!("Links for {name}"), links)))
}

fn file(wheel: &Wheel) -> Value {
    let mut file = json!({
        "filename": wheel.name,
        "url": wheel.href,
        "hashes": { "sha256": wheel.sha256 },
        "size": wheel.size,
    });
    if let Some(requirement) = &wheel.requires_python {
        file["requires-python"] = requirement.clone().into();
    }
    file
}
