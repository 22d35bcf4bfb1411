//! Tokens: random, prefixed so that a leaked one is recognised, stored as keyed hashes only.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::Secret;
use licentia_model::Random;

/// Prefix of an access token of an activation.
pub(crate) const ACCESS_TOKEN: &str = "lat_";
/// Prefix of an operator's API token.
pub(crate) const API_TOKEN: &str = "lap_";

/// A new token of 256 random bits.
pub(crate) fn token(prefix: &str, random: &dyn Random) -> Secret<String> {
    let bytes = Secret::new(random.bytes::<32>());
    Secret::new(format!("{prefix}{}", Base64UrlUnpadded::encode_string(bytes.expose())))
}

/// 128 random bits, base64url.
pub(crate) fn nonce(random: &dyn Random) -> String {
    Base64UrlUnpadded::encode_string(&random.bytes::<16>())
}
