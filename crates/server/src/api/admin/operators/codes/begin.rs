//! `POST /v1/admin/operators/{id}/codes`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use licentia_authority::Authority;
use licentia_issue::Secret;
use licentia_protocol::resource::SecondFactor;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::operators::codes::OwnPassword;
use crate::api::admin::query::Path;
use crate::extract::Json;
use crate::limits::Limits;
use crate::problem::Failure;

admin_problems!(TooLarge, Invalid, NoSuchResource, PreconditionFailed, RateLimited);

/// Begins a second factor of one's own: a secret for an authenticator, which counts once a code of it was shown.
#[utoipa::path(
    post,
    path = "/v1/admin/operators/{id}/codes",
    operation_id = "begin_codes",
    tag = "operators",
    params(("id" = Uuid, Path, description = "One's own id.")),
    request_body = OwnPassword,
    responses((status = 200, description = "The secret, shown once.", body = SecondFactor), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(request): Json<OwnPassword>,
) -> Result<([(axum::http::HeaderName, &'static str); 1], axum::Json<SecondFactor>), Failure> {
    let password = request.password.map(Secret::new);
    let begun = authority.begin_codes(id, password, &caller.principal, caller.actor());
    let begun = caller.with_password(&limits, begun).await?;
    Ok(([(CACHE_CONTROL, "no-store")], axum::Json(begun)))
}
