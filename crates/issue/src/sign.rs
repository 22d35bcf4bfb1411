//! Makes signed documents: compact JWS whose `typ` is the document's.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_license::scheme::v2;
use licentia_license::{Document, Invalid, License};
use serde::Serialize;

use crate::signer::{Signer, SignerError};

/// The header of a document (RFC 7515 section 4.1).
#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    kid: &'a str,
    typ: &'a str,
}

/// Signs a document (RFC 7515 section 7.1).
pub fn sign<T: Document>(document: &T, signer: &dyn Signer) -> Result<String, SignError> {
    let header = Header { alg: signer.algorithm(), kid: signer.public_key().kid(), typ: T::TYP };
    let header = serde_json::to_vec(&header).map_err(SignError::Encode)?;
    let claims = serde_json::to_vec(document).map_err(SignError::Encode)?;
    let mut token = Base64UrlUnpadded::encode_string(&header);
    token.push('.');
    token.push_str(&Base64UrlUnpadded::encode_string(&claims));
    let signature = signer.sign(token.as_bytes()).map_err(SignError::Sign)?;
    token.push('.');
    token.push_str(&Base64UrlUnpadded::encode_string(&signature));
    Ok(token)
}

/// Signs a licence as a `v2` key: the signature covers the payload's bytes as they stand before base64. The
/// payload names the signing key, so that a verifier need not try them all.
pub fn sign_v2(prefix: &str, license: &License, signer: &dyn Signer) -> Result<String, SignError> {
    let customer =
        license.customer.as_ref().map(|customer| customer.id.as_str()).unwrap_or_default();
    let mut claims = serde_json::to_value(license).map_err(SignError::Encode)?;
    claims["kid"] = signer.public_key().kid().into();
    let payload = serde_json::to_vec(&claims).map_err(SignError::Encode)?;
    let signature = signer.sign(&payload).map_err(SignError::Sign)?;
    v2::compose(prefix, customer, &payload, &signature).map_err(SignError::Shape)
}

/// Why a document was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The claims could not be written as JSON.
    #[error("the document could not be encoded")]
    Encode(#[source] serde_json::Error),
    /// The signer failed.
    #[error("the document could not be signed")]
    Sign(#[source] SignerError),
    /// Prefix or customer do not fit into a key.
    #[error("the key cannot be put together")]
    Shape(#[source] Invalid),
}
