//! `POST /v1/license/activate`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::activate::{Answer, Request};

use crate::extract::{Json, Origin};
use crate::openapi::problems;
use crate::problem::Failure;

problems!(
    Malformed,
    TooLarge,
    UnknownLicense,
    WrongProduct,
    WrongMachine,
    Suspended,
    Revoked,
    Expired,
    NotYetValid,
    ChainBroken,
    NoFreeSeat,
    TooManyNodes,
    ClusterInUse,
    Internal,
    Unavailable
);

/// Takes or renews a seat: 201, or 200 where the cluster had been activated before.
#[utoipa::path(
    post,
    path = "/v1/license/activate",
    operation_id = "activate",
    tag = "product",
    request_body = Request,
    responses(
        (status = 201, description = "The cluster is new to the licence and has a seat.", body = Answer),
        (status = 200, description = "The cluster had been activated before and has its seat again.", body = Answer),
        Problems,
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Origin(origin): Origin,
    Json(request): Json<Request>,
) -> Result<(StatusCode, axum::Json<Answer>), Failure> {
    let activated = authority.activate(request, origin).await?;
    let status = if activated.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(activated.answer)))
}
