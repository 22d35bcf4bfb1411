//! `GET /v1/admin/keys`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::{Page, SigningKey};

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::problem::Failure;

admin_problems!();

/// All signing keys, oldest first; there are few, so the list is whole.
#[utoipa::path(
    get,
    path = "/v1/admin/keys",
    operation_id = "list_keys",
    tag = "keys",
    responses((status = 200, description = "The keys.", body = Page<SigningKey>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
) -> Result<axum::Json<Page<SigningKey>>, Failure> {
    Ok(axum::Json(Page { items: authority.list_keys().await?, next: None }))
}
