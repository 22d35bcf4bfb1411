//! `GET /.well-known/jwks.json`: public keys for strangers. Products trust roots, not this.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use licentia_authority::Authority;
use licentia_protocol::Code;

use crate::problem::Failure;

/// The keys that verify today (RFC 7517 section 5).
pub(crate) async fn handler(State(authority): State<Authority>) -> Result<impl IntoResponse, Failure> {
    let jwks = authority.jwks().await.map_err(|error| {
        tracing::error!(%error, "the public keys could not be read");
        Failure::from(Code::Unavailable)
    })?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], axum::Json(jwks)))
}
