//! `POST /v1/admin/licenses`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_authority::licenses::issue::Order;
use licentia_protocol::licenses::NewLicense;
use licentia_protocol::resource::License;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::version::Versioned;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid, InProgress, IdempotencyKeyReused, TooLarge);

/// Issues a licence.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses",
    operation_id = "issue_license",
    tag = "licenses",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = NewLicense,
    responses((status = 201, description = "The licence; a `short` or `v1` key is shown only now.", body = License), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<NewLicense>,
) -> Result<(StatusCode, Versioned<License>), Failure> {
    let ask = caller.ask(&request)?;
    Ok((StatusCode::CREATED, Versioned(authority.issue(Order::read(request)?, ask).await?)))
}
