//! `/console/audit`: the trail, read, narrowed, checked; it is exported by the API.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::routing::{get, post};
use jiff::Timestamp;
use licentia_authority::audit::list::Filter;
use licentia_authority::{Authority, AuthorityError};
use licentia_model::scope::Resource as R;
use serde_json::json;

use super::see;
use crate::console::form::{Fields, Form};
use crate::console::trouble::{OrTrouble, Shown};
use crate::console::visitor::Visitor;
use crate::router::Shared;

const ROWS: u32 = 50;
const NAMES: [&str; 6] = ["actor", "action", "subject", "since", "until", "after"];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/console/audit", see(R::Audit, get(list)))
        .route("/console/audit/check", see(R::Audit, post(check)))
}

async fn list(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let (visitor, filter) = filter(&fields).or_trouble(visitor)?;
    let (since, until) = (filter.since, filter.until);
    let (visitor, mut rows) = authority.list_audit(filter).await.or_trouble(visitor)?;
    let more = rows.len() > ROWS as usize;
    rows.truncate(ROWS as usize);
    let next = rows.last().filter(|_| more).map(|row| row.seq.to_string());
    let time = |micros: Option<i64>| {
        micros.and_then(|at| Timestamp::from_microsecond(at).ok()).map(|at| at.to_string())
    };
    let shown = json!({
        "section": "audit",
        "fields": fields.of(&NAMES),
        "narrowed": NAMES[..5].iter().any(|name| fields.some(name).is_some()),
        "rows": rows,
        "next": next,
        "export": {
            "actor": fields.some("actor"),
            "action": fields.some("action"),
            "subject": fields.some("subject"),
            "since": time(since),
            "until": time(until),
        },
    });
    Ok(visitor.page("audit.html", shown))
}

fn filter(fields: &Fields) -> Result<Filter, AuthorityError> {
    let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
    Ok(Filter {
        actor: fields.some("actor"),
        action: fields.some("action"),
        subject: fields.some("subject"),
        since: micros(fields.time("since", false)?),
        until: micros(fields.time("until", true)?),
        before: fields.number("after")?,
        limit: ROWS + 1,
    })
}

/// Reads the whole trail, so it is asked for and not linked to.
async fn check(State(authority): State<Authority>, form: Form) -> Shown {
    let (visitor, report) = authority.verify_audit().await.or_trouble(form.visitor)?;
    Ok(visitor.page("audit_check.html", json!({ "section": "audit", "report": report })))
}
