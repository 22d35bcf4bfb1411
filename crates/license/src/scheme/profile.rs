//! Legacy profiles: keys that other software issued before Licentia did, accepted for as long as the product
//! names the profile. What they do not say comes from the product's default plan.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::claims::{Customer, Text};
use crate::jws::Compact;
use crate::key::Algorithm;
use crate::keyset::Purpose;
use crate::scheme::v2::Reading;
use crate::scheme::{Rules, UnknownName, civil};
use crate::verify::signer;
use crate::{Invalid, License, Trust, Verified, json};

/// A legacy issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// `v2` keys with the payload `customer_id`, `expires_at`, `features`, `limits`, base64url with or without
    /// padding.
    Caio,
    /// RS256 tokens with any `typ` or none, and without `kid`, `aud` and tier.
    Volcanic,
}

impl Profile {
    /// Every profile.
    pub const ALL: &'static [Self] = &[Self::Caio, Self::Volcanic];

    /// The name in products and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caio => "caio",
            Self::Volcanic => "volcanic",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = UnknownName;

    fn from_str(word: &str) -> Result<Self, UnknownName> {
        match word {
            "caio" => Ok(Self::Caio),
            "volcanic" => Ok(Self::Volcanic),
            _ => Err(UnknownName(word.to_owned())),
        }
    }
}

#[derive(Deserialize)]
struct CaioPayload {
    customer_id: Text,
    #[serde(default)]
    expires_at: Option<Time>,
    #[serde(default)]
    features: Option<Vec<Text>>,
    #[serde(default)]
    limits: Option<BTreeMap<Text, Option<u64>>>,
}

/// Seconds since the epoch, or ISO 8601.
#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(i64),
    Text(String),
}

/// The claims of a CAIO payload whose signature has passed; `None` where it is of the current form.
pub(super) fn caio(
    reading: &Reading<'_>,
    prefix: &str,
    rules: &Rules,
) -> Result<Option<License>, Invalid> {
    let members: serde_json::Map<String, Value> = json::from_slice(&reading.payload)
        .map_err(|_| Invalid::Malformed("its payload is not JSON"))?;
    if members.contains_key("customer") || !members.contains_key("customer_id") {
        return Ok(None);
    }
    let payload: CaioPayload = json::from_slice(&reading.payload)
        .map_err(|_| Invalid::Malformed("its payload is not that of a CAIO licence"))?;
    let exp = match payload.expires_at {
        None => None,
        Some(Time::Seconds(at)) => Some(at),
        Some(Time::Text(text)) => Some(
            civil::instant(&text)
                .ok_or(Invalid::Malformed("the `expires_at` of its payload is not a time"))?,
        ),
    };
    let product = rules.product.clone().unwrap_or_else(|| prefix.to_ascii_lowercase());
    let mut license = rules.plan_for(None, None).license(product, &digest_id(&reading.payload));
    license.exp = exp;
    license.features = payload.features.unwrap_or(license.features);
    license.limits = payload.limits.unwrap_or(license.limits);
    license.customer =
        Some(Customer { id: payload.customer_id, name: None, email: None, organization: None });
    Ok(Some(license))
}

#[derive(Deserialize)]
struct VolcanicClaims {
    iss: Option<Text>,
    sub: Option<Text>,
    aud: Option<Value>,
    jti: Option<Text>,
    iat: Option<i64>,
    nbf: Option<i64>,
    exp: Option<i64>,
    tier: Option<String>,
    plan: Option<String>,
    #[serde(default, rename = "_attr")]
    attributes: serde_json::Map<String, Value>,
    /// Only a registry token has one, and no `typ` of its own either.
    #[serde(default, deserialize_with = "json::present")]
    access: bool,
}

/// A token of Volcanic Pixels. No `typ` holds it apart from other documents under the same key, so those that
/// Licentia signs are refused by theirs.
pub(super) fn volcanic(
    key: &str,
    compact: &Compact<'_>,
    trust: &Trust,
    rules: &Rules,
) -> Result<Verified<License>, Invalid> {
    let header = compact.header()?;
    if header.typ().is_some_and(|typ| typ.to_ascii_lowercase().ends_with("+jwt")) {
        return Err(Invalid::Malformed("it is a document of another kind"));
    }
    let message = compact.signing_input.as_bytes();
    let signature = compact.signature()?;
    let signer = signer(trust, header.kid(), Purpose::License, message, &signature, |key| {
        key.algorithm() == Algorithm::Rs256 && key.allows(&header.alg)
    })?;
    let payload = compact.payload()?;
    let claims: VolcanicClaims = json::from_slice(&payload)
        .map_err(|_| Invalid::Malformed("its claims are not those of a licence"))?;
    if claims.access {
        return Err(Invalid::Malformed("it is a document of another kind"));
    }
    signer.may_have_signed_at(claims.iat)?;

    let own = digest_id(&payload);
    let plan = rules.plan_for(claims.plan.as_deref(), claims.tier.as_deref());
    let jti = claims.jti.unwrap_or_else(|| own.as_str().into());
    let mut license = plan.license(audience(claims.aud, rules)?, &own);
    license.iss = claims.iss.unwrap_or_default();
    license.sub = claims.sub.unwrap_or_else(|| jti.clone());
    license.jti = jti;
    license.iat = claims.iat.unwrap_or_default();
    license.nbf = claims.nbf;
    license.exp = claims.exp;
    let attribute = |name| claims.attributes.get(name).and_then(Value::as_str).map(Text::from);
    license.customer = attribute("email").map(|email| Customer {
        id: email.clone(),
        name: attribute("name"),
        email: Some(email),
        organization: None,
    });
    license.attributes = claims.attributes;
    Ok(Verified::new(license, key, signer.key.kid_text()))
}

/// The product: what the token says (RFC 7519 section 4.1.3), else the one that asks.
fn audience(aud: Option<Value>, rules: &Rules) -> Result<String, Invalid> {
    let own = rules.product.clone().unwrap_or_default();
    match aud {
        None => Ok(own),
        Some(Value::String(aud)) => Ok(aud),
        Some(Value::Array(list)) => match list.iter().find(|aud| **aud == own).or(list.first()) {
            Some(Value::String(aud)) => Ok(aud.clone()),
            _ => Err(Invalid::Malformed("its audience is no name of a product")),
        },
        Some(_) => Err(Invalid::Malformed("its audience is no name of a product")),
    }
}

/// A name for a key that has none: the SHA-256 of what was signed, as a UUID of version 8 (RFC 9562 section
/// 5.8), so that a revocation can name it.
fn digest_id(signed: &[u8]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(signed)[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut id = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        id.push_str(&format!("{byte:02x}"));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_a_name_is_named_by_its_digest() {
        // SHA-256 of nothing: e3b0c44298fc1c149afbf4c8996fb924…
        assert_eq!(digest_id(b""), "e3b0c442-98fc-8c14-9afb-f4c8996fb924");
    }
}
