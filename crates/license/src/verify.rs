//! The signature check: the only maker of [`Verified`].

use std::ops::Deref;

use crate::document::Document;
use crate::jws::Compact;
use crate::trust::Trust;
use crate::{Invalid, json};

/// A document whose signature has passed, with the bytes it was received as.
///
/// Only [`verify`] makes one, so a function that takes it cannot be reached with an unchecked document.
/// It says nothing about time, product or machine yet: see [`decide`](crate::decide::decide).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    claims: T,
    token: String,
    kid: String,
}

impl<T> Verified<T> {
    /// The token as received.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The key that signed it.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The third part of the token, base64url: what the chain of actions is keyed by.
    #[must_use]
    pub fn signature(&self) -> &str {
        self.token.rsplit('.').next().unwrap_or_default()
    }

    /// The claims.
    #[must_use]
    pub fn claims(&self) -> &T {
        &self.claims
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.claims
    }
}

/// Checks that a trusted key signed this token as a `T`, and reads it.
///
/// Order: shape and sizes, header, key, signature, and only then the payload.
pub fn verify<T: Document>(token: &str, trust: &Trust) -> Result<Verified<T>, Invalid> {
    let compact = Compact::split(token)?;
    let header = compact.header()?;
    if header.typ.as_deref() != Some(T::TYP) {
        return Err(Invalid::Malformed("it is a document of another kind"));
    }
    let candidates = trust.candidates(header.kid.as_deref(), T::PURPOSE);
    if candidates.is_empty() {
        return Err(Invalid::UnknownKey);
    }
    let signature = compact.signature()?;
    let signer = candidates
        .iter()
        .filter(|c| c.key.allows(&header.alg))
        .find(|c| c.key.is_signature_of(compact.signing_input.as_bytes(), &signature))
        .ok_or(Invalid::BadSignature)?;
    if signer.compromised {
        return Err(Invalid::KeyCompromised);
    }
    let claims: T = json::from_slice(&compact.payload()?)
        .map_err(|_| Invalid::Malformed("its claims are not those of this kind of document"))?;
    let iat = claims.issued_at();
    if signer.not_before.is_some_and(|from| iat < from)
        || signer.not_after.is_some_and(|to| iat >= to)
    {
        return Err(Invalid::UnknownKey);
    }
    Ok(Verified { claims, token: token.to_owned(), kid: signer.key.kid().to_owned() })
}

/// Reads what a token says **without checking it**, for support and display only.
///
/// Returns header and claims as JSON. Nothing may be granted on the strength of it, which is why it does
/// not return a [`Verified`].
pub fn decode_unverified(token: &str) -> Result<(serde_json::Value, serde_json::Value), Invalid> {
    let compact = Compact::split(token)?;
    let header = json::from_slice(compact.header_bytes())
        .map_err(|_| Invalid::Malformed("its header is not a JOSE header"))?;
    let claims = json::from_slice(&compact.payload()?)
        .map_err(|_| Invalid::Malformed("its payload is not JSON"))?;
    Ok((header, claims))
}
