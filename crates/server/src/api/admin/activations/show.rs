//! `GET /v1/admin/activations/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Activation;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// One activation.
#[utoipa::path(
    get,
    path = "/v1/admin/activations/{id}",
    operation_id = "show_activation",
    tag = "activations",
    params(("id" = Uuid, Path, description = "The activation.")),
    responses((status = 200, description = "It.", body = Activation), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Activation>, Failure> {
    Ok(Versioned(authority.show_activation(id).await?))
}
