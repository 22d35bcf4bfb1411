//! `POST /v1/admin/products/{code}/grace`.

use axum::extract::State;
use jiff::Timestamp;
use licentia_authority::Authority;
use licentia_authority::licenses::grace::GraceOrder;
use licentia_protocol::licenses::NewGrace;
use licentia_protocol::resource::Exception;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, Invalid, TooLarge, InProgress, IdempotencyKeyReused);

/// Lets a product run before a licence exists, whoever holds the document. What is kept of it is its entry in the audit
/// trail.
#[utoipa::path(
    post,
    path = "/v1/admin/products/{code}/grace",
    operation_id = "grace_product",
    tag = "products",
    params(
        ("code" = String, Path, description = "The product's code."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    request_body = NewGrace,
    responses((status = 200, description = "The document.", body = Exception), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(code): Path<String>,
    Json(request): Json<NewGrace>,
) -> Result<axum::Json<Exception>, Failure> {
    let ask = caller.ask(&request)?;
    let order = GraceOrder {
        product: code.clone(),
        seconds: request.for_s,
        plan: request.plan,
        fingerprint: request.fingerprint,
        reason: request.reason,
    };
    let signed = authority.grace(order, ask).await?;
    let expires_at = Timestamp::from_second(signed.expires_at).unwrap_or(Timestamp::MAX);
    Ok(axum::Json(Exception { product: code, token: signed.token, expires_at }))
}
