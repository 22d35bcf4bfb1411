//! `GET /v1/admin/audit`.

use axum::extract::State;
use jiff::Timestamp;
use licentia_authority::Authority;
use licentia_authority::audit::list::Filter;
use licentia_protocol::resource::{AuditEntry, Page};
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::paging::Paging;
use crate::api::admin::query::Query;
use crate::problem::Failure;

/// What the list is narrowed to.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// At most so many; 100 if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next` of the part before.
    after: Option<String>,
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

admin_problems!(Invalid);

/// What was done, newest first: who, what, to what, before and after, when, from where.
#[utoipa::path(
    get,
    path = "/v1/admin/audit",
    operation_id = "list_audit",
    tag = "audit",
    params(Asked),
    responses((status = 200, description = "A part of the list.", body = Page<AuditEntry>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<AuditEntry>>, Failure> {
    let paging = Paging::<u64>::of(asked.limit, asked.after.as_deref())?;
    let filter = Filter {
        actor: asked.actor,
        action: asked.action,
        subject: asked.subject,
        since: asked.since.map(Timestamp::as_microsecond),
        until: asked.until.map(Timestamp::as_microsecond),
        before: paging.after,
        limit: paging.ask(),
    };
    let rows = authority.list_audit(filter).await?;
    Ok(axum::Json(paging.page(rows, |entry| entry.seq.to_string())))
}
