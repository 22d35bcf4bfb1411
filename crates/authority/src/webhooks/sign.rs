//! Signatures of calls, by the Standard Webhooks specification: over `id.timestamp.body`, `v1` with HMAC-SHA256, `v1a`
//! with Ed25519.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64ct::{Base64, Encoding};
use licentia_issue::Secret;
use licentia_model::webhook::Signing;

use crate::error::AuthorityError;

/// Length of a secret, and of the seed of a private key.
pub(crate) const SECRET_BYTES: usize = 32;

/// What signs the calls of a webhook.
pub(crate) struct Key {
    signing: Signing,
    secret: Secret<Vec<u8>>,
}

impl Key {
    pub(crate) fn new(signing: Signing, secret: Secret<Vec<u8>>) -> Self {
        Self { signing, secret }
    }

    /// A word of the header `webhook-signature`.
    pub(crate) fn sign(
        &self,
        id: &str,
        timestamp: i64,
        body: &str,
    ) -> Result<String, AuthorityError> {
        let message = format!("{id}.{timestamp}.{body}");
        let signature = match self.signing {
            Signing::V1 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose());
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            Signing::V1a => self.ed25519()?.sign(message.as_bytes()).as_ref().to_vec(),
        };
        Ok(format!("{},{}", self.signing, Base64::encode_string(&signature)))
    }

    /// What the receiver checks with: the secret itself, `whsec_…`, or the public key, `whpk_…`.
    pub(crate) fn receivers(&self) -> Result<String, AuthorityError> {
        Ok(match self.signing {
            Signing::V1 => format!("whsec_{}", Base64::encode_string(self.secret.expose())),
            Signing::V1a => {
                format!("whpk_{}", Base64::encode_string(self.ed25519()?.public_key().as_ref()))
            }
        })
    }

    fn ed25519(&self) -> Result<Ed25519KeyPair, AuthorityError> {
        Ed25519KeyPair::from_seed_unchecked(self.secret.expose())
            .map_err(|_| AuthorityError::Keys("the key of a webhook was refused".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_standard_webhooks_come_out() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../spec/vectors/standard-webhooks/vectors.json"
        );
        let vectors: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let header = |case: &serde_json::Value, name: &str| {
            case["headers"][name].as_str().unwrap_or_default().to_owned()
        };
        let mut valid = 0;
        for case in vectors["tests"].as_array().unwrap() {
            let secret = case["secret"].as_str().unwrap();
            let secret = secret.strip_prefix("whsec_").unwrap_or(secret);
            let Ok(secret) = Base64::decode_vec(secret) else { continue };
            let key = Key::new(Signing::V1, Secret::new(secret));
            let Ok(timestamp) = header(case, "webhook-timestamp").parse() else { continue };
            let body = case["body"].as_str().unwrap();
            let signed = key.sign(&header(case, "webhook-id"), timestamp, body).unwrap();
            if case["valid"] == true {
                let words = header(case, "webhook-signature");
                assert!(words.split(' ').any(|word| word == signed), "{}", case["name"]);
                valid += 1;
            }
        }
        assert!(valid > 3, "{valid}");
        let case = &vectors["asymmetric_v1a"];
        let hex = case["seed_hex"].as_str().unwrap();
        let seed = (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap());
        let key = Key::new(Signing::V1a, Secret::new(seed.collect()));
        assert_eq!(key.receivers().unwrap(), case["public"].as_str().unwrap());
        let timestamp = header(case, "webhook-timestamp").parse().unwrap();
        let body = case["body"].as_str().unwrap();
        let signed = key.sign(&header(case, "webhook-id"), timestamp, body).unwrap();
        assert_eq!(signed, header(case, "webhook-signature"));
    }

    #[test]
    fn the_golden_signature_comes_out() {
        let secret = Base64::decode_vec("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let key = Key::new(Signing::V1, Secret::new(secret));
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signed = key.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body).unwrap();
        assert_eq!(signed, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        assert_eq!(key.receivers().unwrap(), "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    }
}
