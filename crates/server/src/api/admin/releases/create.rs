//! `POST /v1/admin/releases`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::distribution::{NewRelease, Release};

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(TooLarge, Invalid, NoSuchResource, AlreadyExists, InProgress, IdempotencyKeyReused);

/// Makes the draft of a release, which nobody but operators sees.
#[utoipa::path(
    post,
    path = "/v1/admin/releases",
    operation_id = "create_release",
    tag = "releases",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = NewRelease,
    responses((status = 201, description = "The draft.", body = Release), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<NewRelease>,
) -> Result<(StatusCode, Versioned<Release>), Failure> {
    let ask = caller.ask(&request)?;
    Ok((StatusCode::CREATED, Versioned(authority.create_release(request, ask).await?)))
}
