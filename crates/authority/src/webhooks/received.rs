//! Calls of others, signed by the Standard Webhooks specification with a secret that both sides know.

use aws_lc_rs::hmac;
use base64ct::{Base64, Encoding};

/// How far the call's time may be from ours, in seconds.
const TOLERANCE_S: u64 = 300;
/// Signatures of one call that are looked at.
const MOST: usize = 8;
/// Shortest secret, in bytes.
const LEAST_BYTES: usize = 24;

/// What checks such calls.
pub struct Receiver(hmac::Key);

/// What a call says of itself, in the headers `webhook-id`, `webhook-timestamp`, `webhook-signature`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signed<'a> {
    /// Its id.
    pub id: &'a str,
    /// When it was made, in seconds since the epoch.
    pub timestamp: &'a str,
    /// Signatures with a space between them.
    pub signatures: &'a str,
}

impl Receiver {
    /// Reads a secret, `whsec_…` or the base64 alone.
    pub fn new(secret: &str) -> Result<Self, &'static str> {
        let secret = secret.trim();
        let secret = secret.strip_prefix("whsec_").unwrap_or(secret);
        match Base64::decode_vec(secret) {
            Ok(bytes) if bytes.len() >= LEAST_BYTES => {
                Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
            }
            _ => Err("it must be `whsec_` and the base64 of 24 bytes or more"),
        }
    }

    /// Whether a call is from who knows the secret, and of now.
    #[must_use]
    pub fn admits(&self, signed: &Signed<'_>, body: &[u8], now: i64) -> bool {
        let message =
            [signed.id.as_bytes(), b".", signed.timestamp.as_bytes(), b".", body].concat();
        let good = signed
            .signatures
            .split(' ')
            .filter_map(|word| word.strip_prefix("v1,"))
            .take(MOST)
            .filter_map(|word| Base64::decode_vec(word).ok())
            .any(|tag| hmac::verify(&self.0, &message, &tag).is_ok());
        let fresh = |at: i64| now.abs_diff(at) <= TOLERANCE_S;
        good && !signed.id.is_empty() && signed.timestamp.parse().is_ok_and(fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_standard_webhooks_pass_and_fail_as_they_say() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../spec/vectors/standard-webhooks/vectors.json"
        );
        let vectors: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut seen = [0, 0];
        for case in vectors["tests"].as_array().unwrap() {
            let header = |name: &str| case["headers"][name].as_str().unwrap_or_default();
            let signed = Signed {
                id: header("webhook-id"),
                timestamp: header("webhook-timestamp"),
                signatures: header("webhook-signature"),
            };
            let receiver = Receiver::new(case["secret"].as_str().unwrap()).unwrap();
            let (body, now) = (case["body"].as_str().unwrap(), case["now"].as_i64().unwrap());
            let valid = case["valid"].as_bool().unwrap();
            assert_eq!(receiver.admits(&signed, body.as_bytes(), now), valid, "{}", case["name"]);
            seen[usize::from(valid)] += 1;
        }
        assert!(seen[0] > 8 && seen[1] > 4, "{seen:?}");
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_none() {
        for secret in ["", "whsec_", "whsec_c2hvcnQ=", "not base64 at all, and long enough"] {
            assert!(Receiver::new(secret).is_err(), "{secret}");
        }
    }
}
