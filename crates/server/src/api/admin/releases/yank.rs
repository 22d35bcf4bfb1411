//! `POST /v1/admin/releases/{id}/yank`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::distribution::Release;
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

/// Why.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = YankRelease)]
pub(crate) struct Request {
    /// For people.
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

admin_problems!(TooLarge, Invalid, NoSuchResource, InProgress, IdempotencyKeyReused);

/// Takes a release back: nobody is offered it any more. A second time changes nothing.
#[utoipa::path(
    post,
    path = "/v1/admin/releases/{id}/yank",
    operation_id = "yank_release",
    tag = "releases",
    params(
        ("id" = Uuid, Path, description = "Its id."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    request_body = Request,
    responses((status = 200, description = "The release, yanked.", body = Release), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<Request>,
) -> Result<Versioned<Release>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(Versioned(authority.yank_release(id, request.reason, ask).await?))
}
