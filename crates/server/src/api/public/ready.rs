//! `GET /ready`: requests can be served.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::Code;
use serde::Serialize;

use crate::problem::Failure;

/// What is said.
#[derive(Serialize)]
pub(crate) struct Ready {
    status: &'static str,
}

/// 200 where the database answers, else 503.
pub(crate) async fn handler(State(authority): State<Authority>) -> Result<axum::Json<Ready>, Failure> {
    match authority.ping().await {
        Ok(()) => Ok(axum::Json(Ready { status: "ready" })),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Err(Code::Unavailable.into())
        }
    }
}
