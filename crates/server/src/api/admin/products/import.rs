//! `POST /v1/admin/products/import`.

use axum::extract::State;
use licentia_authority::{Authority, AuthorityError, catalog};
use licentia_protocol::catalog::Imported;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::extract::Text;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(Invalid, TooLarge, InProgress, IdempotencyKeyReused);

/// Sets up a product with its plans and meters from a catalogue; repeating it changes nothing more.
#[utoipa::path(
    post,
    path = "/v1/admin/products/import",
    operation_id = "import_product",
    tag = "products",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body(content = String, content_type = "application/toml", description = "The catalogue."),
    responses((status = 200, description = "What it did.", body = Imported), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Text(catalog): Text,
) -> Result<axum::Json<Imported>, Failure> {
    let ask = caller.ask(&catalog)?;
    let catalog = catalog::parse(&catalog).map_err(AuthorityError::from)?;
    let done = authority.import_catalog(catalog, ask).await?;
    Ok(axum::Json(Imported {
        product: done.product,
        created: done.created,
        plans: u32::try_from(done.plans).unwrap_or(u32::MAX),
    }))
}
