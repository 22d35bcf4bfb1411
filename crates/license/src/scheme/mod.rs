//! The key schemes: how a licence key looks, and the one call that checks a key of any of them.
//!
//! The scheme follows from the key's shape alone ([`scheme_of`]), the algorithm from the trusted key, and what
//! a product accepts from its [`Rules`]. A licence says the same in every scheme: [`check`] returns the claims
//! of [`License`], whichever it was.
//!
//! | scheme | looks like | checked by |
//! |---|---|---|
//! | `jwt` | `HEADER.CLAIMS.SIG` | Ed25519 or RS256 |
//! | `v2` | `PREFIX-v2-CUSTOMER-PAYLOAD.SIG` | Ed25519 or RS256 |
//! | `v1` | `PREFIX-TIER-UUID-EXPIRY-SIG16` | HMAC-SHA256, with a secret of the [`Rules`] |
//! | `short` | `PREFIX-XXXXX-XXXXX-XXXXX-XXXXX` | the authority; here only its check symbol |
//! | `opaque` | 8 to 200 other characters | the authority |
//!
//! To add a scheme: its file with shape and check, its variant here, its line in the table, and its keys in the
//! tests `diagonal` and `bits`.

mod civil;
mod decode;
mod jwt;
mod opaque;
mod profile;
mod rules;
pub mod short;
pub mod v1;
pub mod v2;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use decode::{Decoded, decode};
pub use profile::Profile;
pub use rules::{Plan, Rules};

use crate::{Invalid, License, MAX_KEY_BYTES, Trust, Verified};

/// How a key looks and is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Compact JWS of type `license+jwt`.
    Jwt,
    /// Prefix, customer and signed payload in one word.
    V2,
    /// Tier, UUID and expiry under a truncated HMAC.
    V1,
    /// Random symbols for people who type; kept by the authority as a hash.
    Short,
    /// Somebody else's key, known to the authority by its hash.
    Opaque,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: &'static [Self] = &[Self::Jwt, Self::V2, Self::V1, Self::Short, Self::Opaque];

    /// The name in catalogues and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::V2 => "v2",
            Self::V1 => "v1",
            Self::Short => "short",
            Self::Opaque => "opaque",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no scheme or profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is unknown")]
pub struct UnknownName(pub String);

impl FromStr for Scheme {
    type Err = UnknownName;

    fn from_str(word: &str) -> Result<Self, UnknownName> {
        let scheme = Self::ALL.iter().find(|scheme| scheme.as_str() == word);
        scheme.copied().ok_or_else(|| UnknownName(word.to_owned()))
    }
}

/// The scheme of a key, by its shape. A key that begins like one of a scheme and is no whole one is malformed,
/// and the reason says what is missing.
pub fn scheme_of(key: &str) -> Result<Scheme, Invalid> {
    if key.is_empty() {
        return Err(Invalid::Malformed("it is empty"));
    }
    if key.len() > MAX_KEY_BYTES {
        return Err(Invalid::Malformed("it is longer than 16 KiB"));
    }
    if !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Invalid::Malformed("it holds white space or characters outside ASCII"));
    }
    if v2::is_meant(key) {
        v2::Envelope::parse(key).map(|_| Scheme::V2)
    } else if jwt::is_meant(key) {
        jwt::shape(key).map(|()| Scheme::Jwt)
    } else if v1::is_meant(key) {
        v1::Parts::parse(key).map(|_| Scheme::V1)
    } else if short::is_meant(key) {
        short::parse(key).map(|_| Scheme::Short)
    } else {
        opaque::shape(key).map(|()| Scheme::Opaque)
    }
}

/// Checks a key of any scheme and reads what it says.
///
/// `now`, in seconds since the epoch, only decides which schemes and secrets are still accepted; whether the
/// licence itself is good at that time is for [`decide`](crate::decide::decide). A `short` or `opaque` key is
/// [`Invalid::Unrecognized`]: the authority knows.
pub fn check(
    key: &str,
    trust: &Trust,
    rules: &Rules,
    now: i64,
) -> Result<Verified<License>, Invalid> {
    let scheme = scheme_of(key)?;
    if rules.is_off(scheme, now) {
        return Err(Invalid::SchemeDisabled);
    }
    match scheme {
        Scheme::Jwt => jwt::verify(key, trust, rules),
        Scheme::V2 => v2::verify(key, trust, rules),
        Scheme::V1 => v1::verify(key, rules, now),
        Scheme::Short | Scheme::Opaque => Err(Invalid::Unrecognized),
    }
}

/// Whether this can stand in front of a key's first dash.
fn is_prefix(text: &str) -> bool {
    (1..=16).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "550e8400-e29b-41d4-a716-446655440000";

    #[test]
    fn the_shape_alone_tells_the_scheme() {
        let short = short::make("BZZZ", &[7; 12]).unwrap().to_string();
        let v1 = format!("TMWS-PRO-{UUID}-20301231-0123456789abcdef");
        for (key, scheme) in [
            ("eyJhbGciOiJFZERTQSJ9.e30.AA", Scheme::Jwt),
            ("CAIO-v2-acme-eu-e30.AA", Scheme::V2),
            (&v1, Scheme::V1),
            (&short, Scheme::Short),
            (&short.to_lowercase(), Scheme::Short),
            ("BZZZ-2025-ABC123-XYZ", Scheme::Opaque),
            ("MRR-xxxxx", Scheme::Opaque),
            ("TMWS-PRO-ABCD-1234", Scheme::Opaque),
            (UUID, Scheme::Opaque),
        ] {
            assert_eq!(scheme_of(key), Ok(scheme), "{key}");
        }
    }

    #[test]
    fn a_malformed_key_hears_what_is_wrong_with_it() {
        let long = "x".repeat(201);
        let huge = "x".repeat(MAX_KEY_BYTES + 1);
        for (key, reason) in [
            ("", "empty"),
            ("MRR xxxxx", "white space"),
            ("MRR-x", "shorter"),
            (&long, "longer than 200"),
            (&huge, "16 KiB"),
            ("eyJhbGciOiJFZERTQSJ9.e30", "three parts"),
            ("CAIO-v2-acme-e30", "one dot"),
            ("CAIO-v2-acme.AA", "customer"),
            ("BZZZ-UUUUU-00000-00000-00000", "letter U"),
            ("BZZZ-00000-00000-00000-00001", "mistyped"),
        ] {
            let Err(Invalid::Malformed(said)) = scheme_of(key) else { panic!("{key}") };
            assert!(said.contains(reason), "{key}: {said}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.as_str().parse(), Ok(*scheme));
        }
        assert!("v3".parse::<Scheme>().is_err());
    }
}
