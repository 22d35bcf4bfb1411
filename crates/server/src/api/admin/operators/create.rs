//! `POST /v1/admin/operators`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_authority::operators::create::NewOperator;
use licentia_issue::Secret;
use licentia_protocol::resource::Operator;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

/// Who it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateOperator)]
pub(crate) struct Request {
    /// Log-in name: 2 to 64 of lower-case letters, digits, `.`, `_`, `@` and `-`.
    name: String,
    /// `owner`, `operator`, `support` or `read-only`.
    role: String,
    /// A first password, of at least 12 characters; without one there are tokens alone.
    #[serde(default)]
    password: Option<String>,
}

admin_problems!(TooLarge, Invalid, AlreadyExists, InProgress, IdempotencyKeyReused);

/// Makes an operator.
#[utoipa::path(
    post,
    path = "/v1/admin/operators",
    operation_id = "create_operator",
    tag = "operators",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = Request,
    responses((status = 201, description = "The operator.", body = Operator), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Versioned<Operator>), Failure> {
    // Of the password nothing is kept, so it does not tell requests apart.
    let ask = caller.ask(&(&request.name, &request.role))?;
    let password = request.password.map(Secret::new);
    let new = NewOperator { name: request.name, role: request.role, password };
    Ok((StatusCode::CREATED, Versioned(authority.create_operator(new, ask).await?)))
}
