//! `GET /v1/admin/audit/verify`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::AuditReport;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::problem::Failure;

admin_problems!();

/// Checks the whole trail against its hashes, its end, and the checkpoints outside the database.
#[utoipa::path(
    get,
    path = "/v1/admin/audit/verify",
    operation_id = "verify_audit",
    tag = "audit",
    responses((status = 200, description = "What was found.", body = AuditReport), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
) -> Result<axum::Json<AuditReport>, Failure> {
    Ok(axum::Json(authority.verify_audit().await?))
}
