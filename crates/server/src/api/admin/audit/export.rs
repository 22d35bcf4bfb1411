//! `GET /v1/admin/audit/export`.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use licentia_authority::Authority;
use licentia_authority::audit::list::Filter;
use licentia_protocol::resource::AuditEntry;
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::export::{PART, file, format};
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(Invalid);

/// As what, and what the list is narrowed to.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// `json` (default) or `csv`.
    format: Option<String>,
    /// Who, e.g. `operator:ada`.
    actor: Option<String>,
    /// What, e.g. `license.suspend`.
    action: Option<String>,
    /// To what, e.g. `license:UUID`.
    subject: Option<String>,
    /// Not before this time.
    since: Option<Timestamp>,
    /// Before this time.
    until: Option<Timestamp>,
}

/// The whole trail as one document, newest first, in JSON or as comma-separated values with a head line.
#[utoipa::path(
    get,
    path = "/v1/admin/audit/export",
    operation_id = "export_audit",
    tag = "audit",
    params(Asked),
    responses(
        (
            status = 200,
            description = "The trail.",
            content((Vec<AuditEntry> = "application/json"), (String = "text/csv"))
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
    let filter = Filter {
        actor: asked.actor,
        action: asked.action,
        subject: asked.subject,
        since: asked.since.map(Timestamp::as_microsecond),
        until: asked.until.map(Timestamp::as_microsecond),
        before: None,
        limit: PART,
    };
    file("audit", format, move |before: Option<u64>| {
        let (authority, filter) = (authority.clone(), filter.clone());
        async move {
            let rows = authority.list_audit(Filter { before, ..filter }).await?;
            let whole = rows.len() == PART as usize;
            let next = rows.last().filter(|_| whole).map(|last| last.seq);
            Ok((rows, next))
        }
    })
    .await
}
