//! An RSA key in memory, which signs RS256.
//!
//! Generated, read and used by aws-lc-rs alone: the crate `rsa`, which verifies, has a timing leak where private
//! keys are concerned (RUSTSEC-2023-0071).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use licentia_license::key::{KeyError, PublicKey};
use pkcs8::der::pem::LineEnding;
use pkcs8::{Document, SecretDocument};

use crate::private_key::PrivateKeyError;
use crate::signer::{Signer, SignerError};

/// An RSA key in memory, of 2048 to 4096 bits.
pub struct RsaSigner {
    pair: KeyPair,
    public: PublicKey,
}

/// Modulus length of a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RsaBits {
    /// 2048 bits.
    B2048,
    /// 3072 bits.
    B3072,
    /// 4096 bits.
    B4096,
}

impl RsaSigner {
    /// A new key. The one place where randomness is no argument: aws-lc-rs finds the primes with the
    /// generator that its library keeps, and takes no other.
    pub fn generate(bits: RsaBits) -> Result<Self, SignerError> {
        let size = match bits {
            RsaBits::B2048 => KeySize::Rsa2048,
            RsaBits::B3072 => KeySize::Rsa3072,
            RsaBits::B4096 => KeySize::Rsa4096,
        };
        let pair = KeyPair::generate(size).map_err(|_| SignerError::Refused)?;
        Self::new(pair).map_err(|_| SignerError::Refused)
    }

    fn new(pair: KeyPair) -> Result<Self, PrivateKeyError> {
        let der: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| PrivateKeyError::Refused)?;
        let pem = Document::try_from(der.as_ref())
            .and_then(|der| der.to_pem("PUBLIC KEY", LineEnding::LF))
            .map_err(|_| PrivateKeyError::Refused)?;
        let public = PublicKey::from_pem(&pem).map_err(|e| match e {
            KeyError::Unsupported => PrivateKeyError::Unsupported,
            _ => PrivateKeyError::Refused,
        })?;
        Ok(Self { pair, public })
    }

    /// `RSAPrivateKey` (RFC 8017 appendix A.1.2).
    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, PrivateKeyError> {
        Self::new(KeyPair::from_der(der).map_err(refused)?)
    }

    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, PrivateKeyError> {
        Self::new(KeyPair::from_pkcs8(der).map_err(refused)?)
    }

    pub(crate) fn to_document(&self) -> Result<SecretDocument, PrivateKeyError> {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().map_err(|_| PrivateKeyError::Refused)?;
        SecretDocument::try_from(der.as_ref()).map_err(|_| PrivateKeyError::Refused)
    }
}

/// The library names the sizes that it does not take; everything else is a key that does not compute.
fn refused(error: aws_lc_rs::error::KeyRejected) -> PrivateKeyError {
    match error.to_string().as_str() {
        "TooSmall" | "TooLarge" => PrivateKeyError::Unsupported,
        "InvalidEncoding" => PrivateKeyError::Unreadable,
        _ => PrivateKeyError::Refused,
    }
}

impl Signer for RsaSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // PKCS#1 v1.5 has no random part: the generator that the call wants is not used.
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SignerError::Refused)?;
        Ok(signature)
    }
}
