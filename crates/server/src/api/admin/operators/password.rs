//! `PUT /v1/admin/operators/{id}/password`.

use std::sync::Arc;

use axum::extract::State;
use licentia_authority::Authority;
use licentia_authority::operators::password::NewPassword;
use licentia_issue::Secret;
use licentia_protocol::resource::Operator;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::limits::Limits;
use crate::problem::Failure;

/// The new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetPassword)]
pub(crate) struct Request {
    /// What it is to be: at least 12 characters.
    password: String,
    /// What it is. An operator who changes his own must know it, where there is one.
    #[serde(default)]
    current: Option<String>,
}

admin_problems!(TooLarge, Invalid, NoSuchResource, PreconditionFailed, RateLimited);

/// Sets a password, one's own or for an owner anybody's. It ends the operator's sessions but the one that asks.
#[utoipa::path(
    put,
    path = "/v1/admin/operators/{id}/password",
    operation_id = "set_password",
    tag = "operators",
    params(("id" = Uuid, Path, description = "The operator's id.")),
    request_body = Request,
    responses((status = 200, description = "The operator.", body = Operator), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<Request>,
) -> Result<Versioned<Operator>, Failure> {
    let new = NewPassword {
        password: Secret::new(request.password),
        current: request.current.map(Secret::new),
    };
    let set = authority.set_password(id, new, &caller.principal, caller.actor());
    Ok(Versioned(caller.with_password(&limits, set).await?))
}
