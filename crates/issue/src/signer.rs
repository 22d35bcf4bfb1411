//! What signs: an algorithm and a key that stays where it is.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use ed25519_dalek::SigningKey;
use licentia_license::key::PublicKey;

use crate::Secret;

/// Signs bytes with one key.
pub trait Signer: Send + Sync {
    /// The public half, with its `kid`.
    fn public_key(&self) -> &PublicKey;

    /// The `alg` of a JWS header.
    fn algorithm(&self) -> &'static str;

    /// The signature over these bytes.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// Why a key could not be read or did not sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// Not a PKCS#8 PEM private key.
    #[error("not an Ed25519 private key in PKCS#8 PEM form")]
    Unreadable,
    /// The library refused the key.
    #[error("the private key was refused")]
    Refused,
}

/// An Ed25519 key in memory.
pub struct Ed25519Signer {
    pair: Ed25519KeyPair,
    public: PublicKey,
    seed: Secret<[u8; 32]>,
}

impl Ed25519Signer {
    /// A key from 32 random bytes (RFC 8032 section 5.1.5).
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, SignerError> {
        let seed = Secret::new(seed);
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| SignerError::Refused)?;
        let bytes = pair.public_key().as_ref().try_into().map_err(|_| SignerError::Refused)?;
        let public = PublicKey::from_ed25519_bytes(bytes).map_err(|_| SignerError::Refused)?;
        Ok(Self { pair, public, seed })
    }

    /// A key from PKCS#8 PEM, as this crate and `openssl genpkey -algorithm ed25519` write it.
    pub fn from_pem(pem: &str) -> Result<Self, SignerError> {
        let key = SigningKey::from_pkcs8_pem(pem.trim()).map_err(|_| SignerError::Unreadable)?;
        Self::from_seed(key.to_bytes())
    }

    /// PKCS#8 PEM without the public half: openssl 3.0 does not read the form that has it.
    pub fn to_pem(&self) -> Result<Secret<String>, SignerError> {
        let bytes = KeypairBytes { secret_key: *self.seed.expose(), public_key: None };
        let pem = bytes.to_pkcs8_pem(LineEnding::LF).map_err(|_| SignerError::Refused)?;
        Ok(Secret::new(pem.as_str().to_owned()))
    }

    /// The seed, to be sealed.
    #[must_use]
    pub fn seed(&self) -> &Secret<[u8; 32]> {
        &self.seed
    }
}

impl Signer for Ed25519Signer {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn algorithm(&self) -> &'static str {
        "EdDSA"
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.pair.sign(message).as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_signs_the_strict_verifier_accepts_and_pem_keeps_the_key() {
        let signer = Ed25519Signer::from_seed([7; 32]).unwrap();
        let again = Ed25519Signer::from_pem(signer.to_pem().unwrap().expose()).unwrap();
        assert_eq!(signer.public_key(), again.public_key());
        let signature = again.sign(b"message").unwrap();
        assert!(signer.public_key().is_signature_of(b"message", &signature));
        assert!(!signer.public_key().is_signature_of(b"massage", &signature));
    }
}
