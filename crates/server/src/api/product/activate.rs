//! `POST /v1/license/activate`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::activate::{Answer, Request};

use crate::extract::{Json, Origin};
use crate::problem::Failure;

/// Takes or renews a seat: 201, or 200 where the cluster had been activated before.
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Origin(origin): Origin,
    Json(request): Json<Request>,
) -> Result<(StatusCode, axum::Json<Answer>), Failure> {
    let activated = authority.activate(request, origin).await?;
    let status = if activated.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(activated.answer)))
}
