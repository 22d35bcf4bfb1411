//! `POST /v1/license/activate`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::activate::{Answer, Request};

use crate::extract::Json;
use crate::gate::Gate;
use crate::limits::Credential;
use crate::openapi::{IDEMPOTENCY_KEY, problems};
use crate::problem::Failure;

problems!(
    Malformed,
    TooLarge,
    UnknownLicense,
    WrongProduct,
    WrongMachine,
    Suspended,
    Cancelled,
    Revoked,
    Expired,
    NotYetValid,
    ChainBroken,
    TrialUsed,
    NoFreeSeat,
    TooManyNodes,
    ClusterInUse,
    InProgress,
    IdempotencyKeyReused,
    RateLimited,
    Internal,
    Unavailable
);

/// Takes or renews a seat: 201, or 200 where the cluster had been activated before.
#[utoipa::path(
    post,
    path = "/v1/license/activate",
    operation_id = "activate",
    tag = "product",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = Request,
    responses(
        (status = 201, description = "The cluster is new to the licence and has a seat.", body = Answer),
        (status = 200, description = "The cluster had been activated before and has its seat again.", body = Answer),
        Problems,
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    gate: Gate,
    Json(request): Json<Request>,
) -> Result<(StatusCode, axum::Json<Answer>), Failure> {
    gate.enter(Some(Credential::Key(&request.license_key)))?;
    let key = request.license_key.clone();
    let activated = authority.activate(request, gate.caller()).await;
    let activated = activated.inspect_err(|problem| gate.failed(&problem.code))?;
    gate.good(Credential::Key(&key), activated.holder);
    gate.good(Credential::Token(&activated.answer.access_token), activated.holder);
    let status = if activated.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(activated.answer)))
}
