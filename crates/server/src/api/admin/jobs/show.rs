//! `GET /v1/admin/jobs/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Job;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// One job, with what is sent.
#[utoipa::path(
    get,
    path = "/v1/admin/jobs/{id}",
    operation_id = "show_job",
    tag = "jobs",
    params(("id" = Uuid, Path, description = "Its id.")),
    responses((status = 200, description = "The job.", body = Job), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Job>, Failure> {
    Ok(Versioned(authority.show_job(id).await?))
}
