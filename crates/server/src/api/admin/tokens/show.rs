//! `GET /v1/admin/tokens/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::ApiToken;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// One API token.
#[utoipa::path(
    get,
    path = "/v1/admin/tokens/{id}",
    operation_id = "show_token",
    tag = "tokens",
    params(("id" = Uuid, Path, description = "Its id.")),
    responses((status = 200, description = "The token.", body = ApiToken), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<ApiToken>, Failure> {
    Ok(Versioned(authority.show_token(id, &caller.principal).await?))
}
