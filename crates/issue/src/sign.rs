//! Makes signed documents: compact JWS whose `typ` is the document's.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_license::Document;
use serde_json::json;

use crate::signer::{Signer, SignerError};

/// Signs a document (RFC 7515 section 7.1).
pub fn sign<T: Document>(document: &T, signer: &dyn Signer) -> Result<String, SignError> {
    let header = json!({ "alg": signer.algorithm(), "kid": signer.public_key().kid(), "typ": T::TYP });
    let claims = serde_json::to_vec(document).map_err(SignError::Encode)?;
    let mut token = Base64UrlUnpadded::encode_string(header.to_string().as_bytes());
    token.push('.');
    token.push_str(&Base64UrlUnpadded::encode_string(&claims));
    let signature = signer.sign(token.as_bytes()).map_err(SignError::Sign)?;
    token.push('.');
    token.push_str(&Base64UrlUnpadded::encode_string(&signature));
    Ok(token)
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
}
