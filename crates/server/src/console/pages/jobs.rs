//! `/console/jobs`: what is told to others, by mail, webhook or otherwise: waiting, done, given up; sent again.

use axum::Router;
use axum::extract::{Query, RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use licentia_authority::jobs::Filter;
use licentia_authority::{Authority, AuthorityError};
use licentia_model::JobState;
use licentia_model::scope::Resource as R;
use serde_json::json;
use uuid::Uuid;

use super::{change, see};
use crate::api::admin::query::Path;
use crate::console::form::{Fields, Form};
use crate::console::trouble::{OrTrouble, Shown};
use crate::console::view::Done;
use crate::console::visitor::Visitor;
use crate::router::Shared;

const ROWS: u32 = 50;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/console/jobs", see(R::Jobs, get(list)))
        .route("/console/jobs/{id}", see(R::Jobs, get(show)))
        .route("/console/jobs/{id}/resend", change(R::Jobs, post(resend)))
}

async fn list(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let (visitor, filter) = filter(&fields).or_trouble(visitor)?;
    let (visitor, page) = authority.list_jobs(filter).await.or_trouble(visitor)?;
    let states: Vec<&str> = JobState::ALL.iter().map(|state| state.as_str()).collect();
    let shown = json!({
        "section": "jobs",
        "done": done.word(),
        "fields": fields.of(&["kind", "state", "license", "event", "after"]),
        "states": states,
        "jobs": page.items,
        "next": page.next,
    });
    Ok(visitor.page("jobs.html", shown))
}

pub(super) fn filter(fields: &Fields) -> Result<Filter, AuthorityError> {
    let wrong = |field, problem: &str| AuthorityError::Invalid { field, problem: problem.into() };
    let state = fields.some("state").map(|word| word.parse()).transpose();
    let license = fields.some("license").map(|id| id.parse()).transpose();
    Ok(Filter {
        kind: fields.some("kind"),
        state: state.map_err(|_| wrong("state", "choose one of the list"))?,
        license: license.map_err(|_| wrong("license", "it must be the id of a licence"))?,
        target: None,
        event: fields.some("event"),
        after: fields.some("after"),
        limit: ROWS,
    })
}

async fn show(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    let (visitor, job) = authority.show_job(id).await.or_trouble(visitor)?;
    let shown = json!({ "section": "jobs", "job": job, "done": done.word() });
    Ok(visitor.page("job.html", shown))
}

async fn resend(State(authority): State<Authority>, Path(id): Path<Uuid>, form: Form) -> Shown {
    let ask = form.ask();
    authority.resend_job(id, ask).await.or_trouble(form.visitor)?;
    Ok(Redirect::to(&format!("/console/jobs/{id}?done=resent")).into_response())
}
