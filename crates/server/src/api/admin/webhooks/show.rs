//! `GET /v1/admin/webhooks/{id}`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::resource::Webhook;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// One webhook, without its secret.
#[utoipa::path(
    get,
    path = "/v1/admin/webhooks/{id}",
    operation_id = "show_webhook",
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "Its id.")),
    responses((status = 200, description = "The webhook.", body = Webhook), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Webhook>, Failure> {
    Ok(Versioned(authority.show_webhook(id).await?))
}
