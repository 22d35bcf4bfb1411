//! `GET /ready`: requests can be served.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::Code;
use serde::Serialize;
use utoipa::ToSchema;

use crate::lists::Publisher;
use crate::openapi::problems;
use crate::problem::Failure;
use crate::serve::Draining;

/// The database answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    /// `ready`.
    status: &'static str,
    /// What an operator should see to. `revocations_late`: no revocation list was published for three hours.
    warnings: Vec<&'static str>,
}

problems!(Unavailable);

/// 200 where the database answers and the server is not about to stop, else 503.
#[utoipa::path(
    get,
    path = "/ready",
    operation_id = "ready",
    tag = "public",
    responses((status = 200, description = "They can.", body = Ready), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(draining): State<Draining>,
    State(publisher): State<Publisher>,
) -> Result<axum::Json<Ready>, Failure> {
    if draining.is_on() {
        return Err(Code::Unavailable.into());
    }
    match authority.ping().await {
        Ok(()) => {
            // No reason to send requests elsewhere: leases and refusals are as good as ever.
            let warnings = publisher.is_late().then_some("revocations_late").into_iter().collect();
            Ok(axum::Json(Ready { status: "ready", warnings }))
        }
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Err(Code::Unavailable.into())
        }
    }
}
