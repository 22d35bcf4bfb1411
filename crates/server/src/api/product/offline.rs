//! `POST /v1/license/offline`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::offline::{Answer, Request};

use crate::extract::Json;
use crate::gate::Gate;
use crate::openapi::problems;
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
    NoFreeSeat,
    TooManyNodes,
    ClusterInUse,
    RequestSpent,
    NotTheHolder,
    RateLimited,
    Internal,
    Unavailable
);

/// Answers the request file of a machine without network with its activation file, and takes the proof that it gave its
/// seat back.
///
/// Instead of a file, what the machine shows can be typed; then the answer is to be typed there too.
/// The licence key in the request is the credential. The seat is held for the plan's offline term, or until the proof
/// comes. The same request again gives the same seat again.
#[utoipa::path(
    post,
    path = "/v1/license/offline",
    operation_id = "offline",
    tag = "product",
    request_body = Request,
    responses((status = 200, description = "The activation file; or nothing, where a seat was given back.", body = Answer), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    gate: Gate,
    Json(request): Json<Request>,
) -> Result<axum::Json<Answer>, Failure> {
    gate.enter(None)?;
    let answer = authority.offline(request, gate.caller()).await;
    Ok(axum::Json(answer.inspect_err(|problem| gate.failed(&problem.code))?))
}
