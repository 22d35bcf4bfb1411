//! `PATCH /v1/admin/operators/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Operator;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::IF_MATCH;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

/// What is to change.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateOperator)]
pub(crate) struct Request {
    /// `owner`, `operator`, `support` or `read-only`.
    role: String,
}

admin_problems!(
    TooLarge,
    Invalid,
    NoSuchResource,
    LastOwner,
    PreconditionFailed,
    PreconditionRequired,
    InProgress,
    IdempotencyKeyReused
);

/// Gives an operator another role, which caps its tokens and sessions from the next request on.
#[utoipa::path(
    patch,
    path = "/v1/admin/operators/{id}",
    operation_id = "update_operator",
    tag = "operators",
    params(
        ("id" = Uuid, Path, description = "Its id."),
        ("If-Match" = String, Header, description = IF_MATCH),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    request_body = Request,
    responses((status = 200, description = "The operator, changed.", body = Operator), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<Request>,
) -> Result<Versioned<Operator>, Failure> {
    let ask = caller.ask_of_version(&request)?;
    Ok(Versioned(authority.change_role(id, &request.role, ask).await?))
}
