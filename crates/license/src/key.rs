//! Public keys: PEM (SubjectPublicKeyInfo, RFC 8410) and JWK (RFC 7517, RFC 8037) in and out.

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePublicKey, EncodePublicKey};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Invalid, json};

/// A public key with its RFC 7638 thumbprint as `kid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    kid: String,
    /// What the JWK it came from called it, where that is not the thumbprint.
    alias: Option<String>,
    ed25519: VerifyingKey,
}

/// Why a public key could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Neither PEM nor JWK nor JWKS.
    #[error("not a public key in PEM or JWK form")]
    Unreadable,
    /// A private key where a public one belongs.
    #[error("this is a private key; give the public one, and keep this one secret")]
    Private,
    /// A key type that is not supported.
    #[error("only Ed25519 keys are supported here")]
    Unsupported,
    /// A point of small order, under which anybody can sign.
    #[error("the key is weak: anybody could sign for it")]
    Weak,
    /// The keyset in a trust bundle is not signed by a root of that bundle.
    #[error("the keyset in the bundle was not signed by a root key of the bundle")]
    Keyset(#[source] Invalid),
}

impl PublicKey {
    /// A key from its 32 bytes (RFC 8032 section 5.1.5).
    pub fn from_ed25519_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Unreadable).and_then(Self::new)
    }

    fn new(ed25519: VerifyingKey) -> Result<Self, KeyError> {
        if ed25519.is_weak() {
            return Err(KeyError::Weak);
        }
        // RFC 7638 section 3.2 with the members of RFC 8037 section 2, in lexicographic order.
        let x = Base64UrlUnpadded::encode_string(ed25519.as_bytes());
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        Ok(Self { kid: Base64UrlUnpadded::encode_string(&thumbprint), alias: None, ed25519 })
    }

    /// One PEM block `PUBLIC KEY`, as `openssl pkey -pubout` writes it.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        match VerifyingKey::from_public_key_pem(pem.trim()) {
            Ok(key) => Self::new(key),
            Err(_) if pem.contains("-----BEGIN PUBLIC KEY-----") => Err(KeyError::Unsupported),
            Err(_) => Err(KeyError::Unreadable),
        }
    }

    /// A JWK. Its `kid` is the thumbprint here, and it answers to the one it came with as well.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        if jwk.d {
            return Err(KeyError::Private);
        }
        if jwk.kty != "OKP" || jwk.crv.as_deref() != Some("Ed25519") {
            return Err(KeyError::Unsupported);
        }
        let x = jwk.x.as_deref().ok_or(KeyError::Unreadable)?;
        let bytes = Base64UrlUnpadded::decode_vec(x).map_err(|_| KeyError::Unreadable)?;
        let mut key = Self::from_ed25519_bytes(&bytes.try_into().map_err(|_| KeyError::Unreadable)?)?;
        key.alias = jwk.kid.clone().filter(|kid| *kid != key.kid);
        Ok(key)
    }

    /// The supported keys of a JWK or JWKS text; keys of other types are passed over (RFC 7517 section 5).
    pub fn list_from_jwks(text: &str) -> Result<Vec<Self>, KeyError> {
        let jwks = match json::from_slice::<Jwks>(text.as_bytes()) {
            Ok(jwks) => jwks.keys,
            Err(_) => vec![json::from_slice::<Jwk>(text.as_bytes()).map_err(|_| KeyError::Unreadable)?],
        };
        let mut keys = Vec::with_capacity(jwks.len());
        for jwk in &jwks {
            match Self::from_jwk(jwk) {
                Err(KeyError::Unsupported) => {}
                key => keys.push(key?),
            }
        }
        if keys.is_empty() { Err(KeyError::Unsupported) } else { Ok(keys) }
    }

    /// RFC 7638 thumbprint, base64url.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether a token that names this `kid` means this key.
    #[must_use]
    pub(crate) fn answers_to(&self, kid: &str) -> bool {
        self.kid == kid || self.alias.as_deref() == Some(kid)
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.ed25519.as_bytes()
    }

    /// PEM block `PUBLIC KEY` with a final line end.
    #[must_use]
    pub fn to_pem(&self) -> String {
        // Encoding 32 bytes into a String cannot fail; an empty string is no key to anybody.
        self.ed25519.to_public_key_pem(LineEnding::LF).unwrap_or_default()
    }

    /// JWK with `kid`, `use` and `alg`, what libraries read today (`EdDSA`, RFC 8037 section 3.1).
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        Jwk {
            kty: "OKP".into(),
            crv: Some("Ed25519".into()),
            x: Some(Base64UrlUnpadded::encode_string(self.ed25519.as_bytes())),
            kid: Some(self.kid.clone()),
            usage: Some("sig".into()),
            alg: Some("EdDSA".into()),
            d: false,
        }
    }

    /// Whether a header's `alg` is this key's: `EdDSA` (RFC 8037) or `Ed25519` (RFC 9864).
    #[must_use]
    pub(crate) fn allows(&self, alg: &str) -> bool {
        matches!(alg, "EdDSA" | "Ed25519")
    }

    /// Strict check (RFC 8032 section 5.1.7; canonical S, no small-order points).
    #[must_use]
    pub fn is_signature_of(&self, message: &[u8], signature: &[u8]) -> bool {
        <&[u8; 64]>::try_from(signature)
            .is_ok_and(|bytes| self.ed25519.verify_strict(message, &Signature::from_bytes(bytes)).is_ok())
    }
}

/// A JSON Web Key, the members that an Ed25519 key has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The public key, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// RFC 7638 thumbprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// `EdDSA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The private part: only looked for, to refuse it.
    #[serde(default, deserialize_with = "json::present", skip_serializing)]
    pub(crate) d: bool,
}

/// A JSON Web Key Set (RFC 7517 section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}
