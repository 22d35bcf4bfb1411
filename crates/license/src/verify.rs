//! The signature check: the only maker of [`Verified`].

use std::ops::Deref;

use crate::claims::Text;
use crate::document::Document;
use crate::jws::Compact;
use crate::key::PublicKey;
use crate::keyset::Purpose;
use crate::trust::{Candidate, Trust};
use crate::{Invalid, json};

/// A document whose signature has passed, with the bytes it was received as.
///
/// Only [`verify`] and, for licences in other key schemes, [`check`](crate::scheme::check) make one, so a
/// function that takes it cannot be reached with an unchecked document. It says nothing about time, product
/// or machine yet: see [`decide`](crate::decide::decide).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    claims: T,
    token: String,
    kid: Text,
}

impl<T> Verified<T> {
    /// For this crate's verifiers alone, once the signature over the claims has passed.
    pub(crate) fn new(claims: T, token: &str, kid: Text) -> Self {
        Self { claims, token: token.to_owned(), kid }
    }

    /// The token as received.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The key that signed it; for a `v1` key, which of the secrets did (`v1:1` is the first).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The token's last part, base64url, in a `v1` key hex: what the chain of actions is keyed by.
    #[must_use]
    pub fn signature(&self) -> &str {
        // A v1 key has no dot; base64url has dashes, so they separate only where there is none.
        let separator = if self.token.contains('.') { '.' } else { '-' };
        self.token.rsplit(separator).next().unwrap_or_default()
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
    let compact = Compact::split_within(token, T::MAX_BYTES)?;
    let header = compact.header()?;
    if header.typ() != Some(T::TYP) {
        return Err(Invalid::Malformed("it is a document of another kind"));
    }
    let message = compact.signing_input.as_bytes();
    let signer = signer(trust, header.kid(), T::PURPOSE, message, &compact.signature()?, |key| {
        key.allows(&header.alg)
    })?;
    let claims: T = json::from_slice(&compact.payload()?)
        .map_err(|_| Invalid::Malformed("its claims are not those of this kind of document"))?;
    signer.may_have_signed_at(Some(claims.issued_at()))?;
    Ok(Verified::new(claims, token, signer.key.kid_text()))
}

/// The trusted key that signed `message`, out of those that answer to `kid`, are for `purpose` and that
/// `allowed` lets through.
pub(crate) fn signer<'t>(
    trust: &'t Trust,
    kid: Option<&str>,
    purpose: Purpose,
    message: &[u8],
    signature: &[u8],
    allowed: impl Fn(&PublicKey) -> bool,
) -> Result<Candidate<'t>, Invalid> {
    let mut candidates = trust.candidates(kid, purpose).peekable();
    if candidates.peek().is_none() {
        return Err(Invalid::UnknownKey);
    }
    let signer = candidates
        .filter(|candidate| allowed(candidate.key))
        .find(|candidate| candidate.key.is_signature_of(message, signature))
        .ok_or(Invalid::BadSignature)?;
    if signer.compromised { Err(Invalid::KeyCompromised) } else { Ok(signer) }
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
