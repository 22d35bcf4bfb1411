//! `POST /console/licenses/bulk`: one thing done to many licences. The script sends one after the other and shows how
//! far it is; without it they come all at once.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use licentia_authority::{Ask, Authority, AuthorityError};
use licentia_protocol::licenses::Term;
use serde_json::json;
use uuid::Uuid;

use crate::console::form::Form;
use crate::console::trouble::Shown;
use crate::problem::Failure;

/// As many as a page of the list can mark.
const MOST: usize = 100;

pub(crate) async fn handler(
    State(authority): State<Authority>,
    headers: HeaderMap,
    form: Form,
) -> Shown {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for id in form.fields.all("id").into_iter().take(MOST) {
        match one(&authority, &form, &id).await {
            Ok(()) => done.push(id),
            Err(error) => {
                let failure = Failure::from(error);
                failed.push(json!({ "id": id, "why": failure.problem().detail }));
            }
        }
    }
    let wanted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if wanted.is_some_and(|wanted| wanted.contains("application/json")) {
        return Ok(Json(json!({ "done": done, "failed": failed })).into_response());
    }
    let shown = json!({ "section": "licenses", "did": done, "failed": failed });
    Ok(form.visitor.page("licenses_bulk.html", shown))
}

async fn one(authority: &Authority, form: &Form, id: &str) -> Result<(), AuthorityError> {
    let missing = || AuthorityError::NotFound { what: "licence", name: id.to_owned() };
    let id: Uuid = id.parse().map_err(|_| missing())?;
    let ask = Ask::from(form.visitor.actor());
    match form.fields.raw("act") {
        "suspend" => authority.suspend(id, form.fields.some("reason"), ask).await?,
        "resume" => authority.resume(id, ask).await?,
        "renew" => {
            let days = form.fields.number("days")?.unwrap_or(365);
            authority.renew(id, Term { days: Some(days), ..Term::default() }, ask).await?
        }
        other => return Err(AuthorityError::NotFound { what: "action", name: other.to_owned() }),
    };
    Ok(())
}
