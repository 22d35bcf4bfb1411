//! `GET /v1/admin/revocations/keys`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Page;
use licentia_protocol::revocations::KeyRevocation;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Query;
use crate::api::admin::revocations::list::Asked;
use crate::problem::Failure;

admin_problems!(Invalid);

/// Keys that were revoked by their id, in the order of the ids; those that were lifted again, too.
#[utoipa::path(
    get,
    path = "/v1/admin/revocations/keys",
    operation_id = "list_key_revocations",
    tag = "revocations",
    params(Asked),
    responses((status = 200, description = "A page.", body = Page<KeyRevocation>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page<KeyRevocation>>, Failure> {
    Ok(axum::Json(authority.list_key_revocations(asked.after, asked.limit.unwrap_or(100)).await?))
}
