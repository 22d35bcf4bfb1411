//! `POST /v1/admin/licenses/import`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::import::{ImportLicenses, ImportReport};

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid, AlreadyExists, TooLarge, InProgress, IdempotencyKeyReused);

/// Takes over licences of another system: their customers, and keys that are exchanged for signed licences at the next
/// contact. Every row is judged by itself, and one that is here already stays as it is, so that a repetition does no harm.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/import",
    operation_id = "import_licenses",
    tag = "licenses",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = ImportLicenses,
    responses((status = 200, description = "What became of each row.", body = ImportReport), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<ImportLicenses>,
) -> Result<axum::Json<ImportReport>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(axum::Json(authority.import_licenses(request, ask).await?))
}
