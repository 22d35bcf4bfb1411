//! `POST /v1/licenses/validate`.

use axum::Extension;
use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::Code;
use licentia_protocol::validate::{Answer, Request};

use crate::extract::Json;
use crate::gate::Gate;
use crate::limits::Credential;
use crate::metrics::Told;
use crate::openapi::problems;
use crate::problem::Failure;

problems!(Malformed, TooLarge, RateLimited, Internal, Unavailable);

/// Asks about a key without taking a seat.
#[utoipa::path(
    post,
    path = "/v1/licenses/validate",
    operation_id = "validate",
    tag = "product",
    request_body = Request,
    responses((status = 200, description = "What holds for the key, valid or not.", body = Answer), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    gate: Gate,
    Json(request): Json<Request>,
) -> Result<(Extension<Told>, axum::Json<Answer>), Failure> {
    gate.enter(Some(Credential::Key(&request.license_key)))?;
    let key = request.license_key.clone();
    let answer = authority.validate(request).await?;
    match answer.license_id {
        Some(license_id) => gate.good_key(&key, license_id),
        None => gate.failed(&answer.code),
    }
    // An invalid licence is no error; it is counted by its code all the same.
    let code = Code::ALL.iter().find(|code| code.as_str() == answer.code);
    let told = Told(code.map_or("ok", |code| code.as_str()));
    Ok((Extension(told), axum::Json(answer)))
}
