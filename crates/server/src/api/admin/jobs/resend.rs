//! `POST /v1/admin/jobs/{id}/resend`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Job;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid, InProgress, IdempotencyKeyReused);

/// Sends a job again, dead or done: with the same id, as if it were new. One that waits is left alone.
#[utoipa::path(
    post,
    path = "/v1/admin/jobs/{id}/resend",
    operation_id = "resend_job",
    tag = "jobs",
    params(
        ("id" = Uuid, Path, description = "Its id."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY),
    ),
    responses((status = 200, description = "The job, due.", body = Job), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Job>, Failure> {
    let ask = caller.ask(&())?;
    Ok(Versioned(authority.resend_job(id, ask).await?))
}
