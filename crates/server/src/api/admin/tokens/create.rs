//! `POST /v1/admin/tokens`.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use licentia_authority::Authority;
use licentia_authority::tokens::create::NewToken;
use licentia_protocol::resource::ApiToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

/// What the token is to be.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateToken)]
pub(crate) struct Request {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Whose it is, by name; whoever asks, if nothing is said. Those of others need `operators:write`.
    #[serde(default)]
    operator: Option<String>,
    /// What it may do: `RESOURCE:read`, `RESOURCE:write`, `admin`. No more than the credential that asks.
    scopes: Vec<String>,
    /// When it ends; never, if nothing is said.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

admin_problems!(TooLarge, Invalid, NoSuchResource, InProgress, IdempotencyKeyReused);

/// Makes an API token, which is shown this once.
#[utoipa::path(
    post,
    path = "/v1/admin/tokens",
    operation_id = "create_token",
    tag = "tokens",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = Request,
    responses((status = 201, description = "The token, with itself.", body = ApiToken), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Versioned<ApiToken>), Failure> {
    let ask = caller.ask(&request)?;
    let new = NewToken {
        name: request.name,
        operator: request.operator,
        scopes: request.scopes,
        expires_at: request.expires_at.map(Timestamp::as_second),
    };
    let made = authority.create_token(new, &caller.principal, ask).await?;
    Ok((StatusCode::CREATED, Versioned(made)))
}
