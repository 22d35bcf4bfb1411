//! `POST /v1/admin/licenses/bulk`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use licentia_authority::Authority;
use licentia_protocol::licenses::NewLicenses;
use licentia_protocol::resource::License;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(
    NoSuchResource,
    PreconditionFailed,
    Invalid,
    InProgress,
    IdempotencyKeyReused,
    TooLarge
);

/// Issues up to 10,000 licences, all of them or none. The answer is one licence a line, in the order of the request.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/bulk",
    operation_id = "issue_licenses",
    tag = "licenses",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = NewLicenses,
    responses(
        (
            status = 201,
            description = "The licences, a line each.",
            body = License,
            content_type = "application/x-ndjson"
        ),
        Problems,
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<NewLicenses>,
) -> Result<Response, Failure> {
    let ask = caller.ask(&request)?;
    let issued = authority.issue_many(request, ask).await?;
    let mut lines = Vec::with_capacity(issued.len() * 1_024);
    for license in &issued {
        // Writing to memory cannot fail, nor does a licence hold anything that JSON does not.
        let _ = serde_json::to_writer(&mut lines, license);
        lines.push(b'\n');
    }
    let headers =
        [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, Body::from(lines)).into_response())
}
