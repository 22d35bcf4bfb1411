//! Whether an ID token is the provider's, for us, of this log-in, and in time (OpenID Connect Core section 3.1.3.7).
//! Which algorithm counts is the key's business; `none` and shared secrets are none.

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Clocks may differ by so much, in seconds.
const LEEWAY_S: i64 = 60;
const LONGEST: usize = 16 * 1024;

/// What a token must be.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Wrong {
    #[error("it cannot be read")]
    Malformed,
    #[error("it is signed by a key that the provider does not publish")]
    UnknownKey,
    #[error("its algorithm is not that of its key, or none that counts here (RS256, ES256)")]
    Algorithm,
    #[error("its signature does not match")]
    Signature,
    #[error("it is another issuer's")]
    Issuer,
    #[error("it is for another client")]
    Audience,
    #[error("it has ended, or is from the future")]
    Time,
    #[error("it is of another log-in")]
    Nonce,
}

/// The keys of a provider (RFC 7517); those that cannot be used are passed over.
#[derive(Clone, Deserialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

#[derive(Clone, Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    r#use: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

/// What a token says.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    #[serde(default)]
    azp: Option<String>,
    exp: i64,
    iat: i64,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(flatten)]
    pub(super) address: Address,
}

/// An address, as a token or `userinfo` tells it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    email: Option<String>,
    /// Some providers write it as a text.
    #[serde(default)]
    email_verified: serde_json::Value,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

impl Address {
    /// Whether there is one, verified or not.
    pub(super) fn is_told(&self) -> bool {
        self.email.is_some()
    }

    /// It, where the provider says that it has verified it.
    pub(super) fn verified(&self) -> Option<&str> {
        let verified = self.email_verified == true || self.email_verified == "true";
        self.email.as_deref().filter(|_| verified)
    }
}

/// The claims of a token that counts.
pub(super) fn verify(
    token: &str,
    keys: &Keys,
    expected: &Expected<'_>,
    now: i64,
) -> Result<Claims, Wrong> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Wrong::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Wrong::Malformed)?;
    if token.len() > LONGEST {
        return Err(Wrong::Malformed);
    }
    let header: Header = part(header)?;
    if header.crit.is_some() {
        return Err(Wrong::Malformed);
    }
    let signature = Base64UrlUnpadded::decode_vec(signature).map_err(|_| Wrong::Malformed)?;
    let of_kind = keys.keys.iter().filter(|key| key.r#use.as_deref().is_none_or(|u| u == "sig"));
    let mut named = of_kind.filter(|key| header.kid.is_none() || key.kid == header.kid);
    // Without a name there must be no choice.
    let key = named.next().ok_or(Wrong::UnknownKey)?;
    if named.next().is_some() {
        return Err(Wrong::UnknownKey);
    }
    key.check(&header.alg, signed.as_bytes(), &signature)?;
    let claims: Claims = part(claims)?;
    claims.check(expected, now)?;
    Ok(claims)
}

impl Key {
    fn check(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> Result<(), Wrong> {
        let own = match (self.kty.as_str(), self.crv.as_str()) {
            ("RSA", _) => "RS256",
            ("EC", "P-256") => "ES256",
            _ => return Err(Wrong::Algorithm),
        };
        if algorithm != own || self.alg.as_deref().is_some_and(|alg| alg != own) {
            return Err(Wrong::Algorithm);
        }
        let bytes = |text: &str| Base64UrlUnpadded::decode_vec(text).map_err(|_| Wrong::UnknownKey);
        let checked = if own == "RS256" {
            let (n, e) = (bytes(&self.n)?, bytes(&self.e)?);
            PublicKeyComponents { n: n.as_slice(), e: e.as_slice() }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                signed,
                signature,
            )
        } else {
            let point = [vec![4], bytes(&self.x)?, bytes(&self.y)?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
        };
        checked.map_err(|_| Wrong::Signature)
    }
}

impl Claims {
    fn check(&self, expected: &Expected<'_>, now: i64) -> Result<(), Wrong> {
        if self.iss != expected.issuer {
            return Err(Wrong::Issuer);
        }
        let (ours, several) = match &self.aud {
            Audience::One(one) => (one == expected.client_id, false),
            Audience::Several(all) => {
                (all.iter().any(|one| one == expected.client_id), all.len() > 1)
            }
        };
        let party = self.azp.as_deref();
        if !ours || (several && party.is_none()) || party.is_some_and(|p| p != expected.client_id) {
            return Err(Wrong::Audience);
        }
        if now >= self.exp.saturating_add(LEEWAY_S) || self.iat > now.saturating_add(LEEWAY_S) {
            return Err(Wrong::Time);
        }
        if self.nonce.as_deref() != Some(expected.nonce) {
            return Err(Wrong::Nonce);
        }
        Ok(())
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| Wrong::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Wrong::Malformed)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    };
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const EXPECTED: Expected<'static> =
        Expected { issuer: "https://id.example", client_id: "licentia", nonce: "n-0S6_WzA2Mj" };

    struct Issuer {
        rsa: RsaKeyPair,
        ec: EcdsaKeyPair,
    }

    impl Issuer {
        fn new() -> Self {
            Self {
                rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
                ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            }
        }

        fn keys(&self) -> Keys {
            // `RSAPublicKey` in DER (RFC 8017 appendix A.1.1): the modulus of 2048 bits behind nine bytes.
            let rsa = self.rsa.public_key().as_ref();
            let text = Base64UrlUnpadded::encode_string;
            let point = self.ec.public_key().as_ref();
            serde_json::from_value(json!({ "keys": [
                { "kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256",
                  "n": text(&rsa[9..265]),
                  "e": text(&[1, 0, 1]) },
                { "kty": "EC", "kid": "e", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..]) },
                { "kty": "OKP", "kid": "o", "crv": "Ed25519", "x": "AA" },
            ] }))
            .unwrap()
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let text =
                |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
            let signed = format!("{}.{}", text(header), text(claims));
            let random = SystemRandom::new();
            let signature = if header["kid"] == "e" {
                self.ec.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec()
            } else {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa
                    .sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature)
                    .unwrap();
                signature
            };
            format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature))
        }
    }

    fn claims() -> Value {
        json!({
            "iss": EXPECTED.issuer, "aud": EXPECTED.client_id, "exp": NOW + 300, "iat": NOW, "sub": "1",
            "nonce": EXPECTED.nonce, "email": "Ada@Example.com", "email_verified": true,
        })
    }

    fn judge(issuer: &Issuer, header: &Value, claims: &Value) -> Result<Claims, Wrong> {
        verify(&issuer.sign(header, claims), &issuer.keys(), &EXPECTED, NOW)
    }

    #[test]
    fn a_token_of_either_kind_counts_and_names_its_address() {
        let issuer = Issuer::new();
        for header in [json!({"alg": "RS256", "kid": "r"}), json!({"alg": "ES256", "kid": "e"})] {
            let claims = judge(&issuer, &header, &claims()).unwrap();
            assert_eq!(claims.address.verified(), Some("Ada@Example.com"));
        }
        for verified in [json!(false), json!("false"), json!(1), Value::Null] {
            let mut unverified = claims();
            unverified["email_verified"] = verified;
            let told = judge(&issuer, &json!({"alg": "RS256", "kid": "r"}), &unverified).unwrap();
            assert_eq!(told.address.verified(), None);
        }
    }

    #[test]
    fn what_is_not_of_this_log_in_does_not_count() {
        let issuer = Issuer::new();
        let header = json!({"alg": "RS256", "kid": "r"});
        let several = json!(["licentia", "other"]);
        for (name, value, wrong) in [
            ("iss", json!("https://evil.example"), Wrong::Issuer),
            ("iss", json!("https://id.example/"), Wrong::Issuer),
            ("aud", json!("other"), Wrong::Audience),
            ("aud", several, Wrong::Audience),
            ("aud", json!([]), Wrong::Audience),
            ("azp", json!("other"), Wrong::Audience),
            ("exp", json!(NOW - LEEWAY_S), Wrong::Time),
            ("iat", json!(NOW + LEEWAY_S + 1), Wrong::Time),
            ("nonce", json!("another"), Wrong::Nonce),
            ("nonce", Value::Null, Wrong::Nonce),
            ("exp", json!("soon"), Wrong::Malformed),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            assert_eq!(judge(&issuer, &header, &claims).err(), Some(wrong), "{name} {value}");
        }
    }

    #[test]
    fn only_the_provider_signs_and_only_by_what_its_key_is_for() {
        let (issuer, other) = (Issuer::new(), Issuer::new());
        for (header, wrong) in [
            (json!({"alg": "none", "kid": "r"}), Wrong::Algorithm),
            (json!({"alg": "HS256", "kid": "r"}), Wrong::Algorithm),
            (json!({"alg": "PS256", "kid": "r"}), Wrong::Algorithm),
            (json!({"alg": "ES256", "kid": "r"}), Wrong::Algorithm),
            (json!({"alg": "RS256", "kid": "e"}), Wrong::Algorithm),
            (json!({"alg": "EdDSA", "kid": "o"}), Wrong::Algorithm),
            (json!({"alg": "RS256", "kid": "x"}), Wrong::UnknownKey),
            (json!({"alg": "RS256"}), Wrong::UnknownKey),
            (json!({"alg": "RS256", "kid": "r", "crit": ["b64"]}), Wrong::Malformed),
        ] {
            assert_eq!(judge(&issuer, &header, &claims()).err(), Some(wrong), "{header}");
        }
        for kid in ["r", "e"] {
            let header = json!({"alg": if kid == "r" { "RS256" } else { "ES256" }, "kid": kid});
            let strange = other.sign(&header, &claims());
            let judged = verify(&strange, &issuer.keys(), &EXPECTED, NOW);
            assert_eq!(judged.err(), Some(Wrong::Signature), "{kid}");
        }
        let good = issuer.sign(&json!({"alg": "RS256", "kid": "r"}), &claims());
        let (signed, _) = good.rsplit_once('.').unwrap();
        for token in
            ["", "a", "a.b", "a.b.c", "..", &format!("{signed}."), &format!("{good}.x"), signed]
        {
            assert!(verify(token, &issuer.keys(), &EXPECTED, NOW).is_err(), "{token}");
        }
    }
}
