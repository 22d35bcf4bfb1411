//! `GET /v1/admin/jobs`.

use axum::extract::State;
use licentia_authority::jobs::Filter;
use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::resource::{Job, Page};
use serde::Deserialize;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(Invalid);

/// What a list is narrowed to.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Of this kind: `mail`, `webhook`, …
    kind: Option<String>,
    /// `waiting`, `done` or `dead`.
    state: Option<String>,
    /// About this licence.
    license: Option<Uuid>,
    /// To this target: the id of a webhook.
    target: Option<Uuid>,
    /// Telling this, e.g. `license.suspended`.
    event: Option<String>,
    /// Where the page before ended: its `next`.
    after: Option<String>,
    /// At most so many, 1 to 1,000; default: 100.
    limit: Option<u32>,
}

impl Asked {
    fn filter(self) -> Result<Filter, AuthorityError> {
        let state = self.state.map(|word| word.parse()).transpose();
        let state = state.map_err(|_| AuthorityError::Invalid {
            field: "state",
            problem: "it must be `waiting`, `done` or `dead`".into(),
        })?;
        Ok(Filter {
            kind: self.kind,
            state,
            license: self.license,
            target: self.target,
            event: self.event,
            after: self.after,
            limit: self.limit.unwrap_or(100),
        })
    }
}

/// Jobs, newest first.
#[utoipa::path(
    get,
    path = "/v1/admin/jobs",
    operation_id = "list_jobs",
    tag = "jobs",
    params(Asked),
    responses((status = 200, description = "A page; it may be short.", body = Page<Job>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<Job>>, Failure> {
    Ok(axum::Json(authority.list_jobs(asked.filter()?).await?))
}
