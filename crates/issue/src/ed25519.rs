//! An Ed25519 key in memory.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::KeypairBytes;
use licentia_license::key::PublicKey;
use pkcs8::{EncodePrivateKey, PrivateKeyInfoRef, SecretDocument};

use crate::Secret;
use crate::private_key::{PrivateKey, PrivateKeyError};
use crate::signer::{Signer, SignerError};

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
        let pair =
            Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| SignerError::Refused)?;
        let bytes = pair.public_key().as_ref().try_into().map_err(|_| SignerError::Refused)?;
        let public = PublicKey::from_ed25519_bytes(bytes).map_err(|_| SignerError::Refused)?;
        Ok(Self { pair, public, seed })
    }

    /// A key from PKCS#8 PEM, as this crate and `openssl genpkey -algorithm ed25519` write it.
    pub fn from_pem(pem: &str) -> Result<Self, PrivateKeyError> {
        match PrivateKey::from_pem(pem, None)? {
            PrivateKey::Ed25519(signer) => Ok(signer),
            PrivateKey::Rsa(_) => Err(PrivateKeyError::Unsupported),
        }
    }

    /// PKCS#8 PEM, see [`PrivateKey::to_pem`].
    pub fn to_pem(&self) -> Result<Secret<String>, PrivateKeyError> {
        crate::private_key::pem_of(&self.to_document()?)
    }

    /// The seed, to be sealed.
    #[must_use]
    pub fn seed(&self) -> &Secret<[u8; 32]> {
        &self.seed
    }

    pub(crate) fn from_info(info: PrivateKeyInfoRef<'_>) -> Result<Self, PrivateKeyError> {
        let key = SigningKey::try_from(info).map_err(|_| PrivateKeyError::Unreadable)?;
        Self::from_seed(key.to_bytes()).map_err(|_| PrivateKeyError::Refused)
    }

    /// RFC 8410 section 7 without the public half: openssl 3.0 does not read the form that has it.
    pub(crate) fn to_document(&self) -> Result<SecretDocument, PrivateKeyError> {
        let bytes = KeypairBytes { secret_key: *self.seed.expose(), public_key: None };
        bytes.to_pkcs8_der().map_err(|_| PrivateKeyError::Refused)
    }
}

impl Signer for Ed25519Signer {
    fn public_key(&self) -> &PublicKey {
        &self.public
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
