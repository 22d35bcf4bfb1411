//! `GET /v1/admin/webhooks`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::{Page, Webhook};

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::problem::Failure;

admin_problems!();

/// Every webhook, oldest first; there are 50 at most.
#[utoipa::path(
    get,
    path = "/v1/admin/webhooks",
    operation_id = "list_webhooks",
    tag = "webhooks",
    responses((status = 200, description = "All of them.", body = Page<Webhook>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
) -> Result<axum::Json<Page<Webhook>>, Failure> {
    Ok(axum::Json(Page { items: authority.list_webhooks().await?, next: None }))
}
