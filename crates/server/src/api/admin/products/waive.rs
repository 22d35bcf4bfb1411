//! `POST /v1/admin/products/{code}/waive`.

use axum::extract::State;
use jiff::Timestamp;
use licentia_authority::Authority;
use licentia_authority::licenses::waive::WaiverOrder;
use licentia_protocol::licenses::NewWaiver;
use licentia_protocol::resource::Exception;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid, TooLarge, InProgress, IdempotencyKeyReused);

/// Switches a product's enforcement off for a while: whoever holds the document runs without limits. What is kept of it
/// is its entry in the audit trail.
#[utoipa::path(
    post,
    path = "/v1/admin/products/{code}/waive",
    operation_id = "waive_product",
    tag = "products",
    params(
        ("code" = String, Path, description = "The product's code."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    request_body = NewWaiver,
    responses((status = 200, description = "The document.", body = Exception), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(code): Path<String>,
    Json(request): Json<NewWaiver>,
) -> Result<axum::Json<Exception>, Failure> {
    let ask = caller.ask(&request)?;
    let order = WaiverOrder {
        product: code.clone(),
        seconds: request.for_s,
        reason: request.reason,
        who: request.by,
    };
    let signed = authority.waive(order, ask).await?;
    let expires_at = Timestamp::from_second(signed.expires_at).unwrap_or(Timestamp::MAX);
    Ok(axum::Json(Exception { product: code, token: signed.token, expires_at }))
}
