//! `GET /console/simulate`: what would this licence get, on this machine, at this time?

use axum::extract::{RawQuery, State};
use licentia_authority::licenses::simulate::{Question, Simulated};
use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::resource::License;
use serde_json::json;
use uuid::Uuid;

use super::decode::machine;
use crate::console::form::Fields;
use crate::console::trouble::{Shown, as_told, shown};
use crate::console::visitor::Visitor;
use crate::problem::Failure;

const NAMES: [&str; 5] = ["license", "at", "machine", "cluster", "nodes"];

pub(crate) async fn handler(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let mut all = json!({ "section": "simulate", "fields": fields.of(&NAMES), "found": null, "license": null });
    if fields.some("license").is_none() {
        return Ok(visitor.page("simulate.html", all));
    }
    match simulated(&authority, &fields).await {
        Ok((license, found)) => {
            all["license"] = json!(license);
            all["found"] = json!(found);
            Ok(visitor.page("simulate.html", all))
        }
        Err(error) => {
            let failure = Failure::from(error);
            all["error"] = shown(&failure);
            Ok(as_told(visitor.page("simulate.html", all), failure))
        }
    }
}

async fn simulated(
    authority: &Authority,
    fields: &Fields,
) -> Result<(License, Simulated), AuthorityError> {
    let name = fields.text("license");
    let id: Uuid = name
        .parse()
        .map_err(|_| AuthorityError::NotFound { what: "licence", name: name.clone() })?;
    let question = Question {
        machine: machine(fields)?,
        cluster_id: fields.some("cluster"),
        nodes: fields.number("nodes")?,
        at: fields.time("at", false)?,
    };
    let found = authority.simulate(id, question).await?;
    Ok((authority.show_license(id).await?, found))
}
