//! `POST /v1/admin/licenses/reissue`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::licenses::{ReissueAll, Reissued};

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, TooLarge, InProgress, IdempotencyKeyReused);

/// Gives a new key to licences that a signing key signed, so many at a time: call it again with what it says, until
/// it says nothing more.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/reissue",
    operation_id = "reissue_licenses",
    tag = "licenses",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = ReissueAll,
    responses((status = 200, description = "How many, and where to go on.", body = Reissued), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<ReissueAll>,
) -> Result<axum::Json<Reissued>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(axum::Json(authority.reissue_some(request, ask).await?))
}
