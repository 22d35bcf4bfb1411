//! `GET /v1/admin/licenses/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::License;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// One licence with its key.
#[utoipa::path(
    get,
    path = "/v1/admin/licenses/{id}",
    operation_id = "show_license",
    tag = "licenses",
    params(("id" = Uuid, Path, description = "The licence.")),
    responses((status = 200, description = "It.", body = License), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<License>, Failure> {
    Ok(Versioned(authority.show_license(id).await?))
}
