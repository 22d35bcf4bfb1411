//! `POST /v1/admin/customers/{id}/erase`.

use axum::extract::State;
use licentia_authority::Authority;
use licentia_protocol::privacy::{Erase, ErasureReceipt};
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, WrongState, TooLarge, InProgress, IdempotencyKeyReused);

/// Forgets a customer: names, addresses, what his installations told of themselves, the texts of his keys, the personal
/// values of the audit trail. What happened stays on record under ids, and the trail stays whole. A second time finds
/// nothing more.
#[utoipa::path(
    post,
    path = "/v1/admin/customers/{id}/erase",
    operation_id = "erase_customer",
    tag = "customers",
    params(
        ("id" = Uuid, Path, description = "The customer."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    request_body = Erase,
    responses((status = 200, description = "It is done; the receipt is signed.", body = ErasureReceipt), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<Erase>,
) -> Result<axum::Json<ErasureReceipt>, Failure> {
    let ask = caller.ask(&request)?;
    Ok(axum::Json(authority.erase_customer(id, request, ask).await?))
}
