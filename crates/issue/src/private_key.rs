//! A private key in memory, whatever its algorithm, and the PEM it comes in.

use licentia_license::key::PublicKey;
use pkcs8::der::pem::LineEnding;
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef, SecretDocument};

use crate::Secret;
use crate::ed25519::Ed25519Signer;
use crate::passphrase::{self, Protection};
use crate::rsa::RsaSigner;
use crate::signer::{Signer, SignerError};

/// RFC 8410 section 3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 8017 appendix A.1.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A private key in memory.
pub enum PrivateKey {
    /// Signs EdDSA.
    Ed25519(Ed25519Signer),
    /// Signs RS256.
    Rsa(RsaSigner),
}

/// Why a private key could not be read or written. The owner of the file acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateKeyError {
    /// Not PEM, or not a key inside.
    #[error("not a private key in PEM form (PKCS#8, or PKCS#1 for RSA)")]
    Unreadable,
    /// A public key where a private one belongs.
    #[error("this is a public key; the private one is wanted")]
    Public,
    /// Another key type or size.
    #[error("only Ed25519 keys and RSA keys of 2048 to 4096 bits can sign")]
    Unsupported,
    /// Encrypted, and no passphrase was given.
    #[error("the private key is encrypted; give its passphrase")]
    PassphraseWanted,
    /// Encrypted under another passphrase.
    #[error("the passphrase is not the private key's")]
    WrongPassphrase,
    /// Encrypted in a way that is not read here.
    #[error(
        "the private key is encrypted in a way that is not supported; \
         rewrite it with `openssl pkcs8 -topk8 -v2 aes-256-cbc`"
    )]
    Sealed,
    /// The cryptographic library found the key inconsistent or weak.
    #[error("the private key is broken or weak, and was refused")]
    Refused,
}

impl PrivateKey {
    /// A key from PEM: `PRIVATE KEY`, `ENCRYPTED PRIVATE KEY` (both PKCS#8) or `RSA PRIVATE KEY` (PKCS#1).
    /// A passphrase that is not needed is not looked at.
    pub fn from_pem(
        pem: &str,
        passphrase: Option<&Secret<Vec<u8>>>,
    ) -> Result<Self, PrivateKeyError> {
        let pem = pem.trim();
        // OpenSSL's own way of encrypting PKCS#1, older than PBES2 and keyed by MD5 (RFC 1421 header).
        if pem.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(PrivateKeyError::Sealed);
        }
        let (label, der) =
            SecretDocument::from_pem(pem).map_err(|_| PrivateKeyError::Unreadable)?;
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(der.as_bytes()),
            "ENCRYPTED PRIVATE KEY" => {
                Self::from_pkcs8(passphrase::decrypt(der.as_bytes(), passphrase)?.as_bytes())
            }
            "RSA PRIVATE KEY" => RsaSigner::from_pkcs1(der.as_bytes()).map(Self::Rsa),
            "EC PRIVATE KEY" | "DSA PRIVATE KEY" | "OPENSSH PRIVATE KEY" => {
                Err(PrivateKeyError::Unsupported)
            }
            "PUBLIC KEY" | "RSA PUBLIC KEY" | "CERTIFICATE" => Err(PrivateKeyError::Public),
            _ => Err(PrivateKeyError::Unreadable),
        }
    }

    /// A key from PKCS#8 DER (RFC 5958), as [`PrivateKey::to_pkcs8`] gives it for sealing.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, PrivateKeyError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| PrivateKeyError::Unreadable)?;
        match info.algorithm.oid {
            ED25519 => Ed25519Signer::from_info(info).map(Self::Ed25519),
            RSA => RsaSigner::from_pkcs8(der).map(Self::Rsa),
            _ => Err(PrivateKeyError::Unsupported),
        }
    }

    /// PKCS#8 PEM in the clear.
    pub fn to_pem(&self) -> Result<Secret<String>, PrivateKeyError> {
        pem_of(&self.document()?)
    }

    /// PKCS#8 PEM under a passphrase.
    pub fn to_encrypted_pem(
        &self,
        protection: &Protection<'_>,
    ) -> Result<Secret<String>, PrivateKeyError> {
        let sealed = protection.encrypt(&self.document()?)?;
        labelled(&sealed, "ENCRYPTED PRIVATE KEY")
    }

    /// PKCS#8 DER, to be sealed.
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, PrivateKeyError> {
        Ok(Secret::new(self.document()?.as_bytes().to_vec()))
    }

    fn document(&self) -> Result<SecretDocument, PrivateKeyError> {
        match self {
            Self::Ed25519(key) => key.to_document(),
            Self::Rsa(key) => key.to_document(),
        }
    }
}

impl From<Ed25519Signer> for PrivateKey {
    fn from(key: Ed25519Signer) -> Self {
        Self::Ed25519(key)
    }
}

impl From<RsaSigner> for PrivateKey {
    fn from(key: RsaSigner) -> Self {
        Self::Rsa(key)
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        match self {
            Self::Ed25519(key) => key.public_key(),
            Self::Rsa(key) => key.public_key(),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        match self {
            Self::Ed25519(key) => key.sign(message),
            Self::Rsa(key) => key.sign(message),
        }
    }
}

pub(crate) fn pem_of(key: &SecretDocument) -> Result<Secret<String>, PrivateKeyError> {
    labelled(key, "PRIVATE KEY")
}

fn labelled(der: &SecretDocument, label: &'static str) -> Result<Secret<String>, PrivateKeyError> {
    let pem = der.to_pem(label, LineEnding::LF).map_err(|_| PrivateKeyError::Refused)?;
    Ok(Secret::new(pem.as_str().to_owned()))
}
