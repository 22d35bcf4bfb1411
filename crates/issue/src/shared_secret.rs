//! Secrets of `v1` keys: text that vendor and authority share, the key of an HMAC.

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::Secret;

/// A secret of 32 random bytes, used as the 64 hex digits it is written in.
pub struct SharedSecret {
    text: Secret<String>,
    kid: String,
}

impl SharedSecret {
    /// A secret from random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        let bytes = Secret::new(bytes);
        let text: String = bytes.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        let text = Secret::new(text);
        // RFC 7638 thumbprint of the symmetric JWK (RFC 7518 section 6.4); 256 bits are beyond guessing from it.
        let k = Secret::new(Base64UrlUnpadded::encode_string(text.expose().as_bytes()));
        let canonical = Secret::new(format!(r#"{{"k":"{}","kty":"oct"}}"#, k.expose()));
        let thumbprint =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.expose().as_bytes());
        Self { kid: Base64UrlUnpadded::encode_string(thumbprint.as_ref()), text }
    }

    /// The 64 hex digits, without a line end.
    #[must_use]
    pub fn text(&self) -> &Secret<String> {
        &self.text
    }

    /// A name that tells nothing about the secret: its RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_64_hex_digits_and_named_by_its_thumbprint() {
        let secret = SharedSecret::from_random(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        let digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        assert_eq!(secret.text().expose(), digits);
        // printf '{"k":"%s","kty":"oct"}' "$(printf %s DIGITS | basenc --base64url | tr -d =)" | openssl dgst -sha256 …
        assert_eq!(secret.kid(), "msJnfsaY9TztIn_Jv3aA2EmyVi6pwXwg8xYrtEbH3qU");
        assert_ne!(secret.kid(), SharedSecret::from_random([0; 32]).kid());
    }
}
