//! `PUT /v1/admin/operators/{id}/codes`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use licentia_authority::Authority;
use licentia_protocol::resource::RecoveryCodes;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::extract::Json;
use crate::limits::Limits;
use crate::problem::Failure;

/// A first code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConfirmCodes)]
pub(crate) struct Request {
    /// The six digits that the authenticator shows now.
    code: String,
}

admin_problems!(TooLarge, Invalid, NoSuchResource, WrongState, RateLimited);

/// Confirms one's second factor. From now on a log-in needs a code. The recovery codes are shown this once.
#[utoipa::path(
    put,
    path = "/v1/admin/operators/{id}/codes",
    operation_id = "confirm_codes",
    tag = "operators",
    params(("id" = Uuid, Path, description = "One's own id.")),
    request_body = Request,
    responses((status = 200, description = "Recovery codes.", body = RecoveryCodes), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<Request>,
) -> Result<([(axum::http::HeaderName, &'static str); 1], axum::Json<RecoveryCodes>), Failure> {
    let confirmed = authority.confirm_codes(id, &request.code, &caller.principal, caller.actor());
    let codes = caller.with_password(&limits, confirmed).await?;
    Ok(([(CACHE_CONTROL, "no-store")], axum::Json(codes)))
}
