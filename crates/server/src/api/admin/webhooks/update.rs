//! `PATCH /v1/admin/webhooks/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_authority::webhooks::Changes;
use licentia_protocol::resource::Webhook;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::admin::IF_MATCH;
use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

/// What is to be changed; what is not said stays.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateWebhook)]
pub(crate) struct Request {
    /// Where to.
    #[serde(default)]
    url: Option<String>,
    /// What it is for.
    #[serde(default)]
    description: Option<String>,
    /// Which events; an empty list is all of them.
    #[serde(default)]
    events: Option<Vec<String>>,
    /// Whether anything is sent.
    #[serde(default)]
    enabled: Option<bool>,
}

admin_problems!(
    NoSuchResource,
    TooLarge,
    Invalid,
    InProgress,
    IdempotencyKeyReused,
    PreconditionFailed
);

/// Changes a webhook. Switched off, what waits for it is given up; switched on again, it is told what happens from
/// then on.
#[utoipa::path(
    patch,
    path = "/v1/admin/webhooks/{id}",
    operation_id = "update_webhook",
    tag = "webhooks",
    params(
        ("id" = Uuid, Path, description = "Its id."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY),
        ("If-Match" = Option<String>, Header, description = IF_MATCH),
    ),
    request_body = Request,
    responses((status = 200, description = "The webhook.", body = Webhook), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<Request>,
) -> Result<Versioned<Webhook>, Failure> {
    let ask = caller.ask(&request)?;
    let Request { url, description, events, enabled } = request;
    let changes = Changes { url, description, events, enabled };
    Ok(Versioned(authority.update_webhook(id, changes, ask).await?))
}
