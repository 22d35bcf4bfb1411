//! `GET /v1/admin/operators/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Operator;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// One operator.
#[utoipa::path(
    get,
    path = "/v1/admin/operators/{id}",
    operation_id = "show_operator",
    tag = "operators",
    params(("id" = Uuid, Path, description = "Its id.")),
    responses((status = 200, description = "The operator.", body = Operator), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Operator>, Failure> {
    Ok(Versioned(authority.show_operator(id).await?))
}
