//! `POST /v1/admin/activations/{id}/release`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Activation;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

use crate::openapi::IDEMPOTENCY_KEY;

admin_problems!(NoSuchResource, InProgress, IdempotencyKeyReused, TooLarge);

/// Takes a seat from its holder, who is told; a seat that is free already stays so.
#[utoipa::path(
    post,
    path = "/v1/admin/activations/{id}/release",
    operation_id = "release_activation",
    tag = "activations",
    params(("id" = Uuid, Path, description = "The activation."), ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    responses((status = 200, description = "The activation, without a seat.", body = Activation), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Activation>, Failure> {
    let ask = caller.ask(&())?;
    Ok(Versioned(authority.release(id, ask).await?))
}
