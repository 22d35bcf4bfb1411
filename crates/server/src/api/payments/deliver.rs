//! `POST /v1/payments/{provider}`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use licentia_authority::payments::{Delivery, Event, Provider, Unreadable};
use licentia_authority::{Authority, AuthorityError, StorageError};
use licentia_protocol::{Code, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::admin::query::Path;
use crate::gate::Gate;
use crate::openapi::problems;
use crate::payments::Tills;
use crate::problem::Failure;

problems!(BadSignature, NoSuchResource, Malformed, TooLarge, RateLimited, Internal, Unavailable);

/// What became of an event.
#[derive(Serialize, ToSchema)]
pub(crate) struct Counted {
    /// Whether it had not come before; otherwise nothing has changed.
    counted: bool,
}

/// Takes an event of a payment provider, as the provider sends and signs it. Each counts once.
#[utoipa::path(
    post,
    path = "/v1/payments/{provider}",
    operation_id = "take_payment",
    tag = "payments",
    params(("provider" = String, Path, description = "The provider, e.g. `stripe`.")),
    request_body(content = String, content_type = "application/json", description = "The event as it was signed."),
    responses((status = 200, description = "It is kept, and what follows from it is done.", body = Counted), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(tills): State<Arc<Tills>>,
    gate: Gate,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<axum::Json<Counted>, Failure> {
    gate.enter(None)?;
    let till = tills.get(&provider).ok_or(Code::NoSuchResource)?;
    let event = read(&*till.provider, &headers, &body, authority.now())
        .map_err(|unreadable| refused(&provider, unreadable))?;
    let taken = authority
        .take_payment(till.provider.name(), event, till.rules.clone(), gate.origin())
        .await
        .map_err(|error| failed(&error))?;
    Ok(axum::Json(Counted { counted: taken.is_new }))
}

fn read(
    provider: &dyn Provider,
    headers: &HeaderMap,
    body: &[u8],
    now: i64,
) -> Result<Event, Unreadable> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    provider.read(&Delivery { headers: &header, body, now })
}

/// The provider tries again; what is wrong is in the log.
fn failed(error: &AuthorityError) -> Failure {
    tracing::error!(%error, "payment: an event could not be taken");
    match error {
        AuthorityError::Storage(StorageError::Unavailable(_) | StorageError::Stale(_)) => {
            Code::Unavailable.into()
        }
        _ => Code::Internal.into(),
    }
}

fn refused(provider: &str, unreadable: Unreadable) -> Failure {
    tracing::warn!(provider, %unreadable, "payment: a delivery does not count");
    let code = match unreadable {
        Unreadable::Signature | Unreadable::Stale => Code::BadSignature,
        Unreadable::Malformed(_) => Code::Malformed,
    };
    Problem::new(code).because(&format!("About this delivery: {unreadable}.")).into()
}
