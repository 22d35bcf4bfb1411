//! `POST /v1/admin/licenses/{id}/pull-tokens`.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use licentia_authority::Authority;
use licentia_authority::pull_tokens::create::NewPullToken;
use licentia_protocol::distribution::PullToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

/// What the token is to be.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreatePullToken)]
pub(crate) struct Request {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// When it ends; with its licence, if nothing is said.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

admin_problems!(TooLarge, Invalid, NoSuchResource, InProgress, IdempotencyKeyReused);

/// Makes a pull token of a licence, which is shown this once.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/{id}/pull-tokens",
    operation_id = "create_pull_token",
    tag = "releases",
    params(
        ("id" = Uuid, Path, description = "The licence."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    request_body = Request,
    responses((status = 201, description = "The token, with itself.", body = PullToken), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(license_id): Path<Uuid>,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Versioned<PullToken>), Failure> {
    let ask = caller.ask(&request)?;
    let new = NewPullToken {
        license_id,
        name: request.name,
        expires_at: request.expires_at.map(Timestamp::as_second),
    };
    Ok((StatusCode::CREATED, Versioned(authority.create_pull_token(new, ask).await?)))
}
