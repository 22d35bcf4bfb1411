//! Keys that sign in the tests, independent of the crate that issues.

#![allow(dead_code, reason = "each test takes what it needs")]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use licentia_license::claims::Customer;
use licentia_license::key::{Jwk, PublicKey};
use licentia_license::scheme::{Plan, Profile, Rules, v1, v2};
use licentia_license::{Document, License, Trust};
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const UUID: &str = "550e8400-e29b-41d4-a716-446655440000";
pub(crate) const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// A private key.
pub(crate) enum Key {
    Ed25519(Box<SigningKey>),
    Rsa(Box<RsaPrivateKey>),
}

impl Key {
    pub(crate) fn ed25519(seed: u8) -> Self {
        Self::Ed25519(Box::new(SigningKey::from_bytes(&[seed; 32])))
    }

    /// The key of RFC 7520 section 3.4.
    pub(crate) fn rsa() -> Self {
        let jwk = &vectors("jose-cookbook/rs256.json")["input"]["key"];
        let part = |name: &str| {
            let part = jwk[name].as_str().unwrap();
            BigUint::from_bytes_be(&Base64UrlUnpadded::decode_vec(part).unwrap())
        };
        let key = RsaPrivateKey::from_components(
            part("n"),
            part("e"),
            part("d"),
            vec![part("p"), part("q")],
        );
        Self::Rsa(Box::new(key.unwrap()))
    }

    pub(crate) fn public(&self) -> PublicKey {
        match self {
            Self::Ed25519(key) => PublicKey::from_ed25519_bytes(key.verifying_key().as_bytes()),
            Self::Rsa(key) => {
                use rsa::traits::PublicKeyParts;
                PublicKey::from_rsa_parts(&key.n().to_bytes_be(), &key.e().to_bytes_be())
            }
        }
        .unwrap()
    }

    pub(crate) fn jwk(&self) -> Jwk {
        self.public().to_jwk()
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::new(vec![self.public()])
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_vec(),
            Self::Rsa(key) => {
                // DER of the DigestInfo of SHA-256 up to the digest (RFC 8017 section 9.2, note 1).
                let prefix = [
                    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                    0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
                ];
                let padding = Pkcs1v15Sign { hash_len: Some(32), prefix: prefix.into() };
                key.sign(padding, &Sha256::digest(message)).unwrap()
            }
        }
    }

    /// A compact JWS with any header.
    pub(crate) fn jws(&self, header: &Value, claims: &impl serde::Serialize) -> String {
        let encode = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
        let claims = serde_json::to_vec(claims).unwrap();
        let input = format!("{}.{}", encode(header.to_string().as_bytes()), encode(&claims));
        format!("{input}.{}", encode(&self.sign(input.as_bytes())))
    }

    /// A document as the authority signs it.
    pub(crate) fn document<T: Document>(&self, document: &T) -> String {
        let public = self.public();
        let alg = public.algorithm().as_str();
        self.jws(&json!({ "alg": alg, "kid": public.kid(), "typ": T::TYP }), document)
    }

    /// A v2 key around any payload.
    pub(crate) fn v2(&self, prefix: &str, customer: &str, payload: &Value) -> String {
        let payload = payload.to_string();
        v2::compose(prefix, customer, payload.as_bytes(), &self.sign(payload.as_bytes())).unwrap()
    }

    /// A token as Volcanic Pixels signs it.
    pub(crate) fn volcanic(&self) -> String {
        let claims = json!({
            "iss": "volcanicpixels.example", "jti": "daS7y8sioiecYy", "iat": 1_000, "exp": 2_000_000_000,
            "_attr": { "email": "ada@example.com", "name": "Ada", "chargeId": "ch_1" },
        });
        self.jws(&json!({ "alg": "RS256" }), &claims)
    }
}

/// Trust in the RSA key; reading a private one takes long.
pub(crate) fn rsa_trust() -> &'static Trust {
    static TRUST: OnceLock<Trust> = OnceLock::new();
    TRUST.get_or_init(|| Key::rsa().trust())
}

/// A licence with everything but a binding.
pub(crate) fn license() -> License {
    License {
        iss: "https://authority.example".into(),
        sub: UUID.into(),
        aud: "caio".into(),
        jti: "key-1".into(),
        iat: 1_000,
        nbf: Some(1_000),
        exp: Some(2_000_000_000),
        tier: "PRO".into(),
        rank: 2,
        plan: "pro-yearly".into(),
        features: vec!["reports".into()],
        limits: [("agents".into(), Some(5)), ("tokens".into(), None)].into(),
        seats: Some(2),
        nodes: None,
        trial: false,
        telemetry: false,
        bind: None,
        customer: Some(Customer {
            id: "acme-eu-west".into(),
            name: None,
            email: Some("ada@example.com".into()),
            organization: None,
        }),
        attributes: serde_json::Map::new(),
    }
}

/// CAIO's payload.
pub(crate) fn caio_payload() -> Value {
    json!({
        "customer_id": "acme-eu-west", "expires_at": "2033-05-18T03:33:20+00:00",
        "features": ["reports"], "limits": { "agents": 5, "tokens": null },
    })
}

/// A v1 key.
pub(crate) fn v1_key() -> String {
    v1::make(&v1::Secret::new(SECRET).unwrap(), "TMWS", "PRO", UUID, "20330517", None).unwrap()
}

/// The plan `pro` of tier `PRO`, which is the default.
pub(crate) fn rules(product: &str, profile: Option<Profile>) -> Rules {
    let plan = Plan {
        code: "pro".into(),
        tier: "PRO".into(),
        rank: 2,
        features: vec!["from-plan".into()],
        limits: [("plans".into(), None)].into(),
        seats: Some(3),
        nodes: Some(4),
    };
    let rules = Rules::new().product(product).prefix(product.to_uppercase()).plan(plan);
    let rules = rules.default_plan("pro").secret(SECRET, None).unwrap();
    match profile {
        Some(profile) => rules.profile(profile),
        None => rules,
    }
}

/// A file of `spec/vectors`.
pub(crate) fn vectors(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors").join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}
