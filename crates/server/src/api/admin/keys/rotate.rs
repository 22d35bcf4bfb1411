//! `POST /v1/admin/keys/rotate`.

use axum::extract::State;
use licentia_authority::keys::rotate::NewKey;
use licentia_authority::{Authority, AuthorityError};
use licentia_license::keyset::Purpose;
use licentia_protocol::resource::{Page, SigningKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::extract::Json;
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

/// Which key.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotateKey)]
pub(crate) struct Request {
    /// `license`, `lease`, `revocation`, `manifest` or `log`.
    purpose: String,
    /// `ed25519` (default), `rsa2048`, `rsa3072` or `rsa4096`.
    #[serde(default)]
    alg: Option<String>,
    /// Publish and put to work in one go: products that have not fetched the keyset yet ask for it.
    #[serde(default)]
    at_once: bool,
}

admin_problems!(
    TooLarge,
    Invalid,
    WrongState,
    PreconditionFailed,
    InProgress,
    IdempotencyKeyReused
);

/// The next step of a rotation: publishes a `next` key, or puts the one that is published to work. The root's private
/// key must be in the authority's data directory; else rotate by the command line, which is shown where it is.
#[utoipa::path(
    post,
    path = "/v1/admin/keys/rotate",
    operation_id = "rotate_key",
    tag = "keys",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)),
    request_body = Request,
    responses((status = 200, description = "All keys.", body = Page<SigningKey>), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    caller: Caller,
    Json(request): Json<Request>,
) -> Result<axum::Json<Page<SigningKey>>, Failure> {
    let ask = caller.ask(&request)?;
    let invalid = |field, problem: &str| AuthorityError::Invalid { field, problem: problem.into() };
    let purpose = match request.purpose.as_str() {
        "license" => Purpose::License,
        "lease" => Purpose::Lease,
        "revocation" => Purpose::Revocation,
        "manifest" => Purpose::Manifest,
        "log" => Purpose::Log,
        _ => {
            let wanted = "wants `license`, `lease`, `revocation`, `manifest` or `log`";
            return Err(invalid("purpose", wanted).into());
        }
    };
    let key = match request.alg.as_deref() {
        None | Some("ed25519") => NewKey::Ed25519,
        Some("rsa2048") => NewKey::Rsa2048,
        Some("rsa3072") => NewKey::Rsa3072,
        Some("rsa4096") => NewKey::Rsa4096,
        Some(_) => {
            let wanted = "wants `ed25519`, `rsa2048`, `rsa3072` or `rsa4096`";
            return Err(invalid("alg", wanted).into());
        }
    };
    let root = authority.root_at_hand()?;
    let keys = authority.rotate_key(purpose, key, request.at_once, root, ask).await?;
    Ok(axum::Json(Page { items: keys, next: None }))
}
