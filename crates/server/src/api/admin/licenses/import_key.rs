//! `POST /v1/admin/licenses/{id}/import-key`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::licenses::ImportKey;
use licentia_protocol::resource::License;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, WrongState, Invalid, TooLarge, InProgress, IdempotencyKeyReused);

/// Accepts somebody else's key for a licence; it is exchanged online for a signed one. A second time changes nothing.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/{id}/import-key",
    operation_id = "import_license_key",
    tag = "licenses",
    params(
        ("id" = Uuid, Path, description = "The licence."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    request_body = ImportKey,
    responses((status = 200, description = "The licence.", body = License), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<ImportKey>,
) -> Result<Versioned<License>, Failure> {
    let ask = caller.ask(&request)?;
    authority.import_key(id, request.key.trim().to_owned(), ask).await?;
    Ok(Versioned(authority.show_license(id).await?))
}
