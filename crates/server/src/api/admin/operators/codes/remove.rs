//! `DELETE /v1/admin/operators/{id}/codes`.

use std::sync::Arc;

use axum::extract::State;
use licentia_authority::Authority;
use licentia_issue::Secret;
use licentia_protocol::resource::Operator;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::operators::codes::OwnPassword;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::limits::Limits;
use crate::problem::Failure;

admin_problems!(TooLarge, Invalid, NoSuchResource, RateLimited);

/// Takes a second factor away: one's own by the password, or for an owner that of another.
#[utoipa::path(
    delete,
    path = "/v1/admin/operators/{id}/codes",
    operation_id = "remove_codes",
    tag = "operators",
    params(("id" = Uuid, Path, description = "The operator's id.")),
    request_body = OwnPassword,
    responses((status = 200, description = "The operator.", body = Operator), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<OwnPassword>,
) -> Result<Versioned<Operator>, Failure> {
    let password = request.password.map(Secret::new);
    let dropped = authority.drop_codes(id, password, &caller.principal, caller.actor());
    Ok(Versioned(caller.with_password(&limits, dropped).await?))
}
