//! `POST /v1/admin/revocations/refresh`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Request, State};
use licentia_authority::Authority;
use licentia_authority::webhooks::Signed;
use licentia_protocol::revocations::Published;
use licentia_protocol::{Code, Problem};

use crate::address::Proxies;
use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::jobs::uses::Uses;
use crate::lists::{ListError, Publisher};
use crate::problem::Failure;

admin_problems!(NoSuchResource, BadSignature, TooLarge);

const SIGNATURE: &str = "webhook-signature";

/// Who says that the text has changed: an operator, or a call that is signed.
pub(crate) struct Told;

impl<S> FromRequest<S> for Told
where
    S: Send + Sync,
    Authority: FromRef<S>,
    Arc<Proxies>: FromRef<S>,
    Uses: FromRef<S>,
    Publisher: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        if !parts.headers.contains_key(SIGNATURE) {
            let _ = Caller::from_request_parts(&mut parts, state).await?;
            return Ok(Self);
        }
        let headers = parts.headers.clone();
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let body = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let body = body.map_err(|_| Failure::from(Code::TooLarge))?;
        let signed = Signed {
            id: header("webhook-id").unwrap_or_default(),
            timestamp: header("webhook-timestamp").unwrap_or_default(),
            signatures: header(SIGNATURE).unwrap_or_default(),
        };
        match Publisher::from_ref(state).admits(&signed, &body) {
            true => Ok(Self),
            false => Err(Code::BadSignature.into()),
        }
    }
}

/// Reads `revocations.txt` now and publishes what came of it: for the notification of a bucket.
///
/// It is sent with an API token, or signed by Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`)
/// with the `refresh_secret` of the configuration. What its body says is not read. What it asks for may be done any number
/// of times.
#[utoipa::path(
    post,
    path = "/v1/admin/revocations/refresh",
    operation_id = "refresh_revocations",
    tag = "revocations",
    responses((status = 200, description = "What is published now.", body = Published), Problems)
)]
pub(crate) async fn handler(
    State(publisher): State<Publisher>,
    _: Told,
) -> Result<axum::Json<Published>, Failure> {
    match publisher.refresh(false).await {
        Ok(_) => {}
        Err(ListError::Authority(error)) => return Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "the revocation list was not published; it is tried again");
            let told = Problem::new(Code::Unavailable).because(&format!("{error}."));
            return Err(told.into());
        }
    }
    match publisher.published().await? {
        Some(published) => Ok(axum::Json(published)),
        None => Err(Code::NoSuchResource.into()),
    }
}
