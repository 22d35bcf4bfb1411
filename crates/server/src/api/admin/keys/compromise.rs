//! `POST /v1/admin/keys/{kid}/compromise`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::{Page, SigningKey};

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(
    NoSuchResource,
    WrongState,
    Invalid,
    PreconditionFailed,
    InProgress,
    IdempotencyKeyReused
);

/// Marks a key as known to others. What it signed is refused from the next keyset on, and customers get a new key at
/// the next contact.
#[utoipa::path(
    post,
    path = "/v1/admin/keys/{kid}/compromise",
    operation_id = "compromise_key",
    tag = "keys",
    params(
        ("kid" = String, Path, description = "The key's id."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    responses((status = 200, description = "All keys.", body = Page<SigningKey>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(kid): Path<String>,
) -> Result<axum::Json<Page<SigningKey>>, Failure> {
    let root = authority.root_at_hand()?;
    let keys = authority.compromise_key(kid, root, caller.ask(&())?).await?;
    Ok(axum::Json(Page { items: keys, next: None }))
}
