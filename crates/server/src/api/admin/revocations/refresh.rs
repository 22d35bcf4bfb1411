//! `POST /v1/admin/revocations/refresh`.

use axum::extract::State;
use licentia_protocol::revocations::Published;
use licentia_protocol::{Code, Problem};

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::lists::{ListError, Publisher};
use crate::problem::Failure;

admin_problems!(NoSuchResource);

/// Reads `revocations.txt` now and publishes what came of it: for the notification of a bucket, which is sent with an
/// API token and whose body is not read. What it asks for may be done any number of times.
#[utoipa::path(
    post,
    path = "/v1/admin/revocations/refresh",
    operation_id = "refresh_revocations",
    tag = "revocations",
    responses((status = 200, description = "What is published now.", body = Published), Problems)
)]
pub(crate) async fn handler(
    State(publisher): State<Publisher>,
    _: Caller,
) -> Result<axum::Json<Published>, Failure> {
    match publisher.refresh(false).await {
        Ok(_) => {}
        Err(ListError::Authority(error)) => return Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "the revocation list was not published; it is tried again");
            let told = Problem::new(Code::Unavailable).because(&format!("{error}."));
            return Err(told.into());
        }
    }
    match publisher.published().await? {
        Some(published) => Ok(axum::Json(published)),
        None => Err(Code::NoSuchResource.into()),
    }
}
