//! Why a key is not valid: one value for every verdict of the offline check.

use std::borrow::Cow;

/// The reason for which a licence, or another signed document, was not accepted.
///
/// The codes are stable; [`Invalid::advice`] says what the person who holds the key can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The text is not what its shape promises; nothing was checked beyond that.
    #[error("the key is malformed: {0}")]
    Malformed(&'static str),
    /// The shape is of no scheme that can be checked here; the authority may know the key.
    #[error("the key has no shape that can be checked offline")]
    Unrecognized,
    /// No trusted key has the `kid` that the token names.
    #[error("the key was signed by a signing key that is not trusted here")]
    UnknownKey,
    /// The signature does not match.
    #[error("the signature does not match: the key was changed, or another vendor signed it")]
    BadSignature,
    /// The signing key is marked compromised in the keyset.
    #[error("the signing key is marked as compromised")]
    KeyCompromised,
    /// The product does not accept this key scheme.
    #[error("this kind of key is switched off for the product")]
    SchemeDisabled,
    /// The licence is for another product.
    #[error("the licence is for the product `{found}`, not `{wanted}`")]
    WrongProduct {
        /// The product asked for.
        wanted: String,
        /// The product the licence names.
        found: String,
    },
    /// `nbf` or `iat` lies ahead of the clock; seconds since the epoch.
    #[error("the licence is not valid yet")]
    NotYetValid {
        /// First second in which it is valid.
        from: i64,
    },
    /// `exp` has passed; seconds since the epoch.
    #[error("the licence has expired")]
    Expired {
        /// First second in which it was no longer valid.
        at: i64,
    },
    /// The licence or this key of it was revoked.
    #[error("the licence was revoked")]
    Revoked {
        /// When, in seconds since the epoch.
        at: i64,
        /// The public reason code.
        reason: Option<String>,
    },
    /// The licence is suspended; only the authority says so.
    #[error("the licence is suspended")]
    Suspended,
    /// The licence is bound to another machine.
    #[error("the licence is bound to another machine")]
    WrongMachine,
}

impl Invalid {
    /// The stable code, as the API and the command line print it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Unrecognized => "unrecognized",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::KeyCompromised => "key_compromised",
            Self::SchemeDisabled => "scheme_disabled",
            Self::WrongProduct { .. } => "wrong_product",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Expired { .. } => "expired",
            Self::Revoked { .. } => "revoked",
            Self::Suspended => "suspended",
            Self::WrongMachine => "wrong_machine",
        }
    }

    /// What to do about it, one sentence.
    #[must_use]
    pub fn advice(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Malformed(_) => {
                "Copy the key again, whole and on one line, from the mail or file it came in."
            }
            Self::Unrecognized => {
                "Check for missing characters; a short key needs the authority to be reachable."
            }
            Self::UnknownKey => {
                "Check that key and product come from the same vendor, or update the product."
            }
            Self::BadSignature => {
                "Copy the key again from the mail or file it came in, or ask the vendor for a new one."
            }
            Self::KeyCompromised => {
                "Ask the vendor to re-issue the licence; the right to use it is not affected."
            }
            Self::SchemeDisabled => "Ask the vendor for a key of the current kind.",
            Self::WrongProduct { .. } => "Use the key that was issued for this product.",
            Self::NotYetValid { .. } => {
                "Check the clock of this machine, or wait for the start date."
            }
            Self::Expired { .. } => {
                "Renew the licence with the vendor; the new key takes effect at once."
            }
            Self::Revoked { .. } => "Ask the vendor why, and for a new licence.",
            Self::Suspended => "Ask the vendor to resume the licence.",
            Self::WrongMachine => "Ask the vendor to transfer the licence to this machine.",
        })
    }
}
