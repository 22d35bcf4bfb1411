//! Tokens: random, prefixed so that a leaked one is recognised, stored as keyed hashes only.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::Secret;
use licentia_model::Random;

/// Prefix of an access token of an activation.
pub(crate) const ACCESS_TOKEN: &str = "lat_";
/// Prefix of an operator's API token.
pub(crate) const API_TOKEN: &str = "lap_";

/// Prefix of a customer's pull token.
pub(crate) const PULL_TOKEN: &str = "lpt_";
/// Prefix of the token of an operator's session.
pub(crate) const SESSION: &str = "las_";

/// A new token of 256 random bits.
pub(crate) fn token(prefix: &str, random: &dyn Random) -> Secret<String> {
    let bytes = Secret::new(random.bytes::<32>());
    Secret::new(format!("{prefix}{}", Base64UrlUnpadded::encode_string(bytes.expose())))
}

/// The letters of a token that are kept in clear, so that its owner recognises it: 24 of its 256 bits.
pub(crate) fn recognised_by(token: &Secret<String>) -> String {
    token.expose().chars().take(8).collect()
}

/// 128 random bits, base64url.
pub(crate) fn nonce(random: &dyn Random) -> String {
    Base64UrlUnpadded::encode_string(&random.bytes::<16>())
}
