//! `POST /v1/admin/webhooks/{id}/rotate`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Webhook;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid, InProgress, IdempotencyKeyReused);

/// Gives a webhook another secret, shown this once. For 24 hours the former one signs beside it.
#[utoipa::path(
    post,
    path = "/v1/admin/webhooks/{id}/rotate",
    operation_id = "rotate_webhook",
    tag = "webhooks",
    params(
        ("id" = Uuid, Path, description = "Its id."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY),
    ),
    responses((status = 200, description = "The webhook, with its new secret.", body = Webhook), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Webhook>, Failure> {
    let ask = caller.ask(&())?;
    Ok(Versioned(authority.rotate_webhook(id, ask).await?))
}
