//! `GET /v1/admin/revocations/published`.

use axum::extract::State;
use licentia_protocol::Code;
use licentia_protocol::revocations::Published;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::lists::Publisher;
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// The newest list, and what `revocations.txt` said when it was last read.
#[utoipa::path(
    get,
    path = "/v1/admin/revocations/published",
    operation_id = "show_published_revocations",
    tag = "revocations",
    responses((status = 200, description = "What is published.", body = Published), Problems)
)]
pub(crate) async fn handler(
    State(publisher): State<Publisher>,
    _: Caller,
) -> Result<axum::Json<Published>, Failure> {
    match publisher.published().await? {
        Some(published) => Ok(axum::Json(published)),
        None => Err(Code::NoSuchResource.into()),
    }
}
