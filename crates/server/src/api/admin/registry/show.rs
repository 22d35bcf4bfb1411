//! `GET /v1/admin/registry`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::registry::RegistryKeys;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::problem::Failure;

admin_problems!();

/// By what a container registry knows the authority's tokens.
#[utoipa::path(
    get,
    path = "/v1/admin/registry",
    operation_id = "show_registry_keys",
    tag = "releases",
    responses((status = 200, description = "Issuer, certificates and keys.", body = RegistryKeys), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
) -> Result<axum::Json<RegistryKeys>, Failure> {
    Ok(axum::Json(authority.registry_keys().await?))
}
