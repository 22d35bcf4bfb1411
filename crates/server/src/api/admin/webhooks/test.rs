//! `POST /v1/admin/webhooks/{id}/test`.

use axum::extract::State;
use axum::http::StatusCode;
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

/// Sends the event `webhook.test`; the job tells what became of it.
#[utoipa::path(
    post,
    path = "/v1/admin/webhooks/{id}/test",
    operation_id = "test_webhook",
    tag = "webhooks",
    params(
        ("id" = Uuid, Path, description = "Its id."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY),
    ),
    responses((status = 202, description = "The job, due.", body = Job), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Versioned<Job>), Failure> {
    let ask = caller.ask(&())?;
    Ok((StatusCode::ACCEPTED, Versioned(authority.test_webhook(id, ask).await?)))
}
