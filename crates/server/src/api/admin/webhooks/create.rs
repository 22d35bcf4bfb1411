//! `POST /v1/admin/webhooks`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_authority::webhooks::NewWebhook;
use licentia_protocol::resource::Webhook;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

/// What the webhook is to be.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateWebhook)]
pub(crate) struct Request {
    /// Where to: an address by TLS, without user or password.
    url: String,
    /// What it is for.
    #[serde(default)]
    description: Option<String>,
    /// Which events; all of them, if nothing is said.
    #[serde(default)]
    events: Vec<String>,
    /// `v1` (HMAC-SHA256, default) or `v1a` (Ed25519).
    #[serde(default)]
    signing: Option<String>,
}

admin_problems!(TooLarge, Invalid, InProgress, IdempotencyKeyReused);

/// Makes a webhook. Its secret is shown this once.
#[utoipa::path(
    post,
    path = "/v1/admin/webhooks",
    operation_id = "create_webhook",
    tag = "webhooks",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = Request,
    responses((status = 201, description = "The webhook, with its secret.", body = Webhook), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Versioned<Webhook>), Failure> {
    let ask = caller.ask(&request)?;
    let Request { url, description, events, signing } = request;
    let made = authority.create_webhook(NewWebhook { url, description, events, signing }, ask);
    Ok((StatusCode::CREATED, Versioned(made.await?)))
}
