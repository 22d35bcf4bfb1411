//! `GET /.well-known/jwks.json`: public keys for strangers. Products trust roots, not this.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use licentia_authority::Authority;
use licentia_protocol::Code;
use utoipa::ToSchema;

use crate::openapi::problems;
use crate::problem::Failure;

problems!(Unavailable);

/// A JSON Web Key Set (RFC 7517), as it is documented.
#[derive(ToSchema)]
#[schema(as = JwksAnswer)]
#[expect(dead_code, reason = "only its schema is used")]
struct Answer {
    /// The keys, the licence key first.
    keys: Vec<Key>,
}

/// A public Ed25519 key (RFC 8037).
#[derive(ToSchema)]
#[schema(as = JsonWebKey)]
#[expect(dead_code, reason = "only its schema is used")]
struct Key {
    /// `OKP`.
    kty: String,
    /// `Ed25519`.
    crv: String,
    /// The public key, base64url.
    x: String,
    /// RFC 7638 thumbprint.
    kid: String,
    /// `sig`.
    r#use: String,
    /// `EdDSA`.
    alg: String,
}

/// The keys that verify today (RFC 7517 section 5).
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "jwks",
    tag = "public",
    responses((status = 200, description = "The keys.", body = Answer), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
) -> Result<impl IntoResponse, Failure> {
    let jwks = authority.jwks().await.map_err(|error| {
        tracing::error!(%error, "the public keys could not be read");
        Failure::from(Code::Unavailable)
    })?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], axum::Json(jwks)))
}
