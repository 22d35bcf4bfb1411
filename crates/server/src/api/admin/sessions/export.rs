//! `GET /v1/admin/sessions/export`.

use axum::extract::State;
use axum::response::Response;
use licentia_authority::Authority;
use licentia_protocol::resource::Session;
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::export::{PART, file, format};
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(Invalid);

/// As what, and what the list is narrowed to.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// `json` (default) or `csv`.
    format: Option<String>,
    /// Only those of this operator, by its name.
    operator: Option<String>,
}

/// The whole list as one document, in JSON or as comma-separated values with a head line.
#[utoipa::path(
    get,
    path = "/v1/admin/sessions/export",
    operation_id = "export_sessions",
    tag = "sessions",
    params(Asked),
    responses(
        (
            status = 200,
            description = "The list.",
            content((Vec<Session> = "application/json"), (String = "text/csv"))
        ),
        Problems,
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let format = format(asked.format.as_deref())?;
    file("sessions", format, move |after| {
        let (authority, operator, by) =
            (authority.clone(), asked.operator.clone(), caller.principal.clone());
        async move {
            let rows = authority.list_sessions(operator, &by, after, PART).await?;
            let full = rows.len() == PART as usize;
            let next = rows.last().filter(|_| full).map(|session| session.id);
            Ok((rows, next))
        }
    })
    .await
}
