//! What a key of any scheme says, unchecked, for support and display.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::scheme::{Scheme, scheme_of, short, v1, v2};
use crate::{Invalid, json, verify};

/// What a key says **without being checked**. Nothing may be granted on the strength of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decoded {
    /// The key's scheme.
    pub scheme: &'static str,
    /// The JOSE header of a `jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Value>,
    /// The parts that can be read off the key itself.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<&'static str, String>,
    /// The claims, where it brings any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Value>,
}

/// Takes a key apart **without checking it**.
pub fn decode(key: &str) -> Result<Decoded, Invalid> {
    let scheme = scheme_of(key)?;
    let mut decoded =
        Decoded { scheme: scheme.as_str(), header: None, parts: BTreeMap::new(), claims: None };
    match scheme {
        Scheme::Jwt => {
            let (header, claims) = verify::decode_unverified(key)?;
            decoded.header = Some(header);
            decoded.claims = Some(claims);
        }
        Scheme::V2 => {
            let envelope = v2::Envelope::parse(key)?;
            // The reading that a verifier would take, else the first payload there is.
            let reading = envelope.readings(true).next().map(|r| (r.customer, r.payload));
            let (customer, payload) = reading
                .or_else(|| envelope.payloads(true).next())
                .ok_or(Invalid::Malformed("nothing before its dot is a payload"))?;
            decoded.parts.insert("prefix", envelope.prefix().to_owned());
            decoded.parts.insert("customer", customer.to_owned());
            decoded.claims = json::from_slice(&payload).ok();
        }
        Scheme::V1 => {
            let parts = v1::Parts::parse(key)?;
            for (name, part) in [
                ("prefix", parts.prefix),
                ("tier", parts.tier),
                ("id", parts.id),
                ("expiry", parts.expiry),
            ] {
                decoded.parts.insert(name, part.to_owned());
            }
        }
        Scheme::Short => {
            decoded.parts.insert("prefix", short::parse(key)?.prefix().to_owned());
        }
        Scheme::Opaque => {}
    }
    Ok(decoded)
}
