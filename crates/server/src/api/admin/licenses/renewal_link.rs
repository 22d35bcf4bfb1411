//! `POST /v1/admin/licenses/{id}/renewal-link`.

use axum::extract::State;
use axum::http::StatusCode;
use licentia_authority::Authority;
use licentia_protocol::licenses::{NewRenewalLink, RenewalLink};
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(NoSuchResource, WrongState, Invalid, TooLarge, InProgress, IdempotencyKeyReused);

/// Makes a link that renews a licence once, for whoever has it.
#[utoipa::path(
    post,
    path = "/v1/admin/licenses/{id}/renewal-link",
    operation_id = "make_renewal_link",
    tag = "licenses",
    params(
        ("id" = Uuid, Path, description = "The licence."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    request_body = NewRenewalLink,
    responses((status = 201, description = "The link.", body = RenewalLink), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<NewRenewalLink>,
) -> Result<(StatusCode, axum::Json<RenewalLink>), Failure> {
    let ask = caller.ask(&request)?;
    let link = authority.renewal_link(id, request, ask).await?;
    Ok((StatusCode::CREATED, axum::Json(link)))
}
