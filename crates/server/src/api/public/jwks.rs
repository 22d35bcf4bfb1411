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

/// A public key: Ed25519 (RFC 8037), or RSA (RFC 7518 section 6.3) where a product has one.
#[derive(ToSchema)]
#[schema(as = JsonWebKey)]
#[expect(dead_code, reason = "only its schema is used")]
struct Key {
    /// `OKP` or `RSA`.
    kty: String,
    /// Of `OKP`: `Ed25519`.
    crv: Option<String>,
    /// Of `OKP`: the public key, base64url.
    x: Option<String>,
    /// Of `RSA`: the modulus, base64url.
    n: Option<String>,
    /// Of `RSA`: the exponent, base64url.
    e: Option<String>,
    /// RFC 7638 thumbprint.
    kid: String,
    /// `sig`.
    r#use: String,
    /// `EdDSA` or `RS256`.
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
