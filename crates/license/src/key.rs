//! Public keys: PEM (SubjectPublicKeyInfo, RFC 8410) and JWK (RFC 7517, RFC 8037) in and out.

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePublicKey, EncodePublicKey};
use ed25519_dalek::{Signature, VerifyingKey};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::claims::Text;
use crate::{Invalid, json};

/// A public key with its RFC 7638 thumbprint as `kid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    kid: Text,
    /// What the JWK it came from called it, where that is not the thumbprint.
    alias: Option<String>,
    material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Ed25519(VerifyingKey),
    Rsa(Box<RsaPublicKey>),
}

/// What a key signs with; the token never chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032), `EdDSA` in a JWS header (RFC 8037), or `Ed25519` (RFC 9864).
    Ed25519,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), `RS256` in a JWS header (RFC 7518 section 3.3).
    Rs256,
}

impl Algorithm {
    /// The `alg` that is written into headers and JWKs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }
}

/// Shortest RSA modulus that is trusted, in bits.
const MIN_RSA_BITS: usize = 2048;
/// Longest RSA modulus that is computed with, in bits.
const MAX_RSA_BITS: usize = 4096;
/// DER of the DigestInfo of SHA-256 up to the digest (RFC 8017 section 9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

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
    #[error("only Ed25519 keys and RSA keys of 2048 to 4096 bits are supported")]
    Unsupported,
    /// A point of small order, or an exponent, under which anybody can sign.
    #[error("the key is weak: anybody could sign for it")]
    Weak,
    /// The keyset in a trust bundle is not signed by a root of that bundle.
    #[error("the keyset in the bundle was not signed by a root key of the bundle")]
    Keyset(#[source] Invalid),
}

impl PublicKey {
    /// A key from its 32 bytes (RFC 8032 section 5.1.5).
    pub fn from_ed25519_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Unreadable).and_then(Self::ed25519)
    }

    /// An RSA key from modulus and public exponent, big-endian.
    pub fn from_rsa_parts(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        if n.len() > MAX_RSA_BITS / 8 + 1 || e.len() > 8 {
            return Err(KeyError::Unsupported);
        }
        let key = RsaPublicKey::new_with_max_size(
            BigUint::from_bytes_be(n),
            BigUint::from_bytes_be(e),
            MAX_RSA_BITS,
        )
        .map_err(|_| KeyError::Weak)?;
        Self::rsa(key)
    }

    fn ed25519(key: VerifyingKey) -> Result<Self, KeyError> {
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(Self::new(Material::Ed25519(key)))
    }

    fn rsa(key: RsaPublicKey) -> Result<Self, KeyError> {
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&key.n().bits()) {
            return Err(KeyError::Unsupported);
        }
        Ok(Self::new(Material::Rsa(Box::new(key))))
    }

    fn new(material: Material) -> Self {
        let mut key = Self { kid: Text::default(), alias: None, material };
        let jwk = key.to_jwk();
        let part = |part: Option<String>| part.unwrap_or_default();
        // RFC 7638 section 3.2: the required members in lexicographic order, without white space.
        let canonical = match key.material {
            Material::Ed25519(_) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, part(jwk.x))
            }
            Material::Rsa(_) => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, part(jwk.e), part(jwk.n))
            }
        };
        key.kid = Base64UrlUnpadded::encode_string(&Sha256::digest(canonical)).into();
        key
    }

    /// One PEM block `PUBLIC KEY`, as `openssl pkey -pubout` writes it.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        let pem = pem.trim();
        if let Ok(key) = VerifyingKey::from_public_key_pem(pem) {
            return Self::ed25519(key);
        }
        match <RsaPublicKey as rsa::pkcs8::DecodePublicKey>::from_public_key_pem(pem) {
            Ok(key) => Self::from_rsa_parts(&key.n().to_bytes_be(), &key.e().to_bytes_be()),
            Err(_) if pem.contains("-----BEGIN PUBLIC KEY-----") => Err(KeyError::Unsupported),
            Err(_) => Err(KeyError::Unreadable),
        }
    }

    /// A JWK. Its `kid` is the thumbprint here, and it answers to the one it came with as well.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        if jwk.d {
            return Err(KeyError::Private);
        }
        let decode = |part: &Option<String>| {
            let part = part.as_deref().ok_or(KeyError::Unreadable)?;
            Base64UrlUnpadded::decode_vec(part).map_err(|_| KeyError::Unreadable)
        };
        let mut key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => {
                let bytes: [u8; 32] =
                    decode(&jwk.x)?.try_into().map_err(|_| KeyError::Unreadable)?;
                Self::from_ed25519_bytes(&bytes)?
            }
            ("RSA", _) => Self::from_rsa_parts(&decode(&jwk.n)?, &decode(&jwk.e)?)?,
            _ => return Err(KeyError::Unsupported),
        };
        // A JWK that says what it is for is believed (RFC 7517 sections 4.2 to 4.4).
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig")
            || jwk.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify"))
            || jwk.alg.as_deref().is_some_and(|alg| !key.allows(alg))
        {
            return Err(KeyError::Unsupported);
        }
        key.alias = jwk.kid.clone().filter(|kid| *kid != key.kid);
        Ok(key)
    }

    /// The supported keys of a JWK or JWKS text; keys of other types are passed over (RFC 7517 section 5).
    pub fn list_from_jwks(text: &str) -> Result<Vec<Self>, KeyError> {
        let jwks = match json::from_slice::<Jwks>(text.as_bytes()) {
            Ok(jwks) => jwks.keys,
            Err(_) => {
                vec![json::from_slice::<Jwk>(text.as_bytes()).map_err(|_| KeyError::Unreadable)?]
            }
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

    /// The same, shared rather than copied.
    pub(crate) fn kid_text(&self) -> Text {
        self.kid.clone()
    }

    /// What it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Ed25519(_) => Algorithm::Ed25519,
            Material::Rsa(_) => Algorithm::Rs256,
        }
    }

    /// Whether a token that names this `kid` means this key.
    #[must_use]
    pub(crate) fn answers_to(&self, kid: &str) -> bool {
        self.kid == kid || self.alias.as_deref() == Some(kid)
    }

    /// PEM block `PUBLIC KEY` with a final line end.
    #[must_use]
    pub fn to_pem(&self) -> String {
        // Encoding a key that was read cannot fail; an empty string is no key to anybody.
        match &self.material {
            Material::Ed25519(key) => key.to_public_key_pem(LineEnding::LF).unwrap_or_default(),
            Material::Rsa(key) => {
                use rsa::pkcs8::EncodePublicKey;
                key.to_public_key_pem(LineEnding::LF).unwrap_or_default()
            }
        }
    }

    /// JWK with `kid`, `use` and `alg`, what libraries read today (`EdDSA`, RFC 8037 section 3.1).
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        let encode = |bytes: &[u8]| Some(Base64UrlUnpadded::encode_string(bytes));
        let mut jwk = Jwk {
            kid: Some(self.kid.to_string()),
            usage: Some("sig".into()),
            alg: Some(self.algorithm().as_str().into()),
            ..Jwk::default()
        };
        match &self.material {
            Material::Ed25519(key) => {
                jwk.kty = "OKP".into();
                jwk.crv = Some("Ed25519".into());
                jwk.x = encode(key.as_bytes());
            }
            Material::Rsa(key) => {
                jwk.kty = "RSA".into();
                jwk.n = encode(&key.n().to_bytes_be());
                jwk.e = encode(&key.e().to_bytes_be());
            }
        }
        jwk
    }

    /// Whether a header's `alg` is this key's.
    #[must_use]
    pub(crate) fn allows(&self, alg: &str) -> bool {
        match self.algorithm() {
            Algorithm::Ed25519 => matches!(alg, "EdDSA" | "Ed25519"),
            Algorithm::Rs256 => alg == "RS256",
        }
    }

    /// Strict check: for Ed25519 canonical S and no small-order points (RFC 8032 section 5.1.7), for RSA a
    /// signature of exactly the modulus' length (RFC 8017 section 8.2.2).
    #[must_use]
    pub fn is_signature_of(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Ed25519(key) => <&[u8; 64]>::try_from(signature).is_ok_and(|bytes| {
                key.verify_strict(message, &Signature::from_bytes(bytes)).is_ok()
            }),
            Material::Rsa(key) => {
                let padding =
                    Pkcs1v15Sign { hash_len: Some(32), prefix: SHA256_DIGEST_INFO.into() };
                signature.len() == key.size()
                    && key.verify(padding, &Sha256::digest(message), signature).is_ok()
            }
        }
    }
}

/// A JSON Web Key, the members that Ed25519 and RSA keys have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `OKP` or `RSA`.
    pub kty: String,
    /// `Ed25519`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The public key, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// RSA modulus, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// RSA public exponent, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// RFC 7638 thumbprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// `EdDSA` or `RS256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// What it may be used for; `verify` must be among them (RFC 7517 section 4.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
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
