//! `v2`: `PREFIX-v2-CUSTOMER-PAYLOAD.SIG`, CAIO's keys.
//!
//! The payload is JSON in base64url, the signature covers its bytes as they stand before base64. Both the
//! customer id and base64url may hold dashes, so the key can be read in several ways: each dash is tried
//! from left to right, and a reading counts only if its payload names that customer. That much of the payload
//! is read before the signature is checked, as the header of a JWS is; it chooses among readings and trusted
//! keys, and nothing of it is told.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;

use crate::keyset::Purpose;
use crate::scheme::{Profile, Rules, is_prefix, profile};
use crate::verify::signer;
use crate::{Invalid, License, Trust, Verified, json};

const MARK: &str = "-v2-";
/// Longest customer id, in characters.
const MAX_CUSTOMER: usize = 128;
/// Most readings of one key whose signature is checked; an honest key has one.
const MAX_READINGS: usize = 4;

/// A v2 key taken apart as far as its shape goes.
pub struct Envelope<'a> {
    prefix: &'a str,
    body: &'a str,
    signature: &'a str,
}

/// One way to read a key.
pub(super) struct Reading<'a> {
    pub(super) customer: &'a str,
    pub(super) payload: Vec<u8>,
    kid: Option<String>,
}

/// What is read of a payload to choose among readings.
#[derive(Deserialize)]
struct Names {
    kid: Option<String>,
    customer: Option<Customer>,
    customer_id: Option<String>,
}

#[derive(Deserialize)]
struct Customer {
    id: String,
}

impl<'a> Envelope<'a> {
    /// Takes a key apart.
    pub fn parse(key: &'a str) -> Result<Self, Invalid> {
        let (prefix, rest) =
            key.split_once(MARK).ok_or(Invalid::Malformed("it wants `-v2-` behind its prefix"))?;
        if !is_prefix(prefix) {
            return Err(Invalid::Malformed("its prefix is not 1 to 16 capital letters and digits"));
        }
        let (body, signature) = rest
            .split_once('.')
            .filter(|(_, signature)| !signature.contains('.'))
            .ok_or(Invalid::Malformed("it wants exactly one dot, before its signature"))?;
        let envelope = Self { prefix, body, signature };
        if envelope.splits().next().is_none() {
            return Err(Invalid::Malformed(
                "it wants a customer of at most 128 characters and a payload before its dot",
            ));
        }
        Ok(envelope)
    }

    /// What it begins with; not covered by the signature.
    #[must_use]
    pub fn prefix(&self) -> &'a str {
        self.prefix
    }

    fn splits(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let body = self.body;
        body.bytes()
            .take(MAX_CUSTOMER + 1)
            .enumerate()
            .filter(|(at, byte)| *byte == b'-' && *at > 0)
            .filter_map(move |(at, _)| Some((body.get(..at)?, body.get(at + 1..)?)))
            .filter(|(_, payload)| !payload.is_empty())
    }

    /// The payloads that are JSON objects, each with the customer in front of it.
    pub(super) fn payloads(&self, padded: bool) -> impl Iterator<Item = (&'a str, Vec<u8>)> {
        self.splits()
            // `{` begins with these bits; the rest need not be decoded to see that.
            .filter(|(_, payload)| payload.starts_with('e'))
            .filter_map(move |(customer, payload)| Some((customer, decode(payload, padded)?)))
            .filter(|(_, payload)| payload.last() == Some(&b'}') && json::check(payload).is_ok())
    }

    /// The readings whose payload names the customer in front of it.
    pub(super) fn readings(&self, legacy: bool) -> impl Iterator<Item = Reading<'a>> {
        self.payloads(legacy)
            .filter_map(move |(customer, payload)| {
                let names: Names = json::from_slice(&payload).ok()?;
                let id = match (names.customer, names.customer_id) {
                    (Some(customer), _) => customer.id,
                    (None, id) => id.filter(|_| legacy)?,
                };
                (id == customer).then_some(Reading { customer, payload, kid: names.kid })
            })
            .take(MAX_READINGS)
    }
}

/// Puts a key together from a payload and the signature over it.
pub fn compose(
    prefix: &str,
    customer: &str,
    payload: &[u8],
    signature: &[u8],
) -> Result<String, Invalid> {
    let fits = (1..=MAX_CUSTOMER).contains(&customer.len())
        && customer.bytes().all(|b| b.is_ascii_graphic() && b != b'.');
    if !fits {
        return Err(Invalid::Malformed(
            "a v2 key wants a customer id of 1 to 128 ASCII characters without dot and space",
        ));
    }
    let [payload, signature] = [payload, signature].map(Base64UrlUnpadded::encode_string);
    let key = format!("{prefix}{MARK}{customer}-{payload}.{signature}");
    match super::scheme_of(&key)? {
        super::Scheme::V2 => Ok(key),
        _ => Err(Invalid::Malformed("its prefix is not 1 to 16 capital letters and digits")),
    }
}

/// Whether a key wants to be a v2 key.
pub(super) fn is_meant(key: &str) -> bool {
    key.split_once(MARK).is_some_and(|(prefix, _)| is_prefix(prefix))
}

pub(super) fn verify(
    key: &str,
    trust: &Trust,
    rules: &Rules,
) -> Result<Verified<License>, Invalid> {
    let legacy = rules.profile == Some(Profile::Caio);
    let envelope = Envelope::parse(key)?;
    let signature = decode(envelope.signature, legacy)
        .ok_or(Invalid::Malformed("its signature is not base64url"))?;
    let mut failure = None;
    for reading in envelope.readings(legacy) {
        let kid = reading.kid.as_deref();
        match signer(trust, kid, Purpose::License, &reading.payload, &signature, |_| true) {
            Ok(signer) => {
                if let Some(wanted) = rules.prefix.as_deref().filter(|p| *p != envelope.prefix) {
                    let (wanted, found) = (wanted.to_owned(), envelope.prefix.to_owned());
                    return Err(Invalid::WrongProduct { wanted, found });
                }
                let (license, iat) = claims(&reading, &envelope, rules)?;
                signer.may_have_signed_at(iat)?;
                return Ok(Verified::new(license, key, signer.key.kid_text()));
            }
            Err(invalid) => failure = failure.or(Some(invalid)),
        }
    }
    Err(failure.unwrap_or_else(|| match envelope.payloads(legacy).next() {
        // Which customer the payload names is not told of an unchecked key.
        Some(_) => Invalid::BadSignature,
        None => Invalid::Malformed("nothing before its dot is a payload"),
    }))
}

/// The claims, and when they were signed.
fn claims(
    reading: &Reading<'_>,
    envelope: &Envelope<'_>,
    rules: &Rules,
) -> Result<(License, Option<i64>), Invalid> {
    if rules.profile == Some(Profile::Caio)
        && let Some(license) = profile::caio(reading, envelope.prefix, rules)?
    {
        return Ok((license, None));
    }
    let license: License = json::from_slice(&reading.payload)
        .map_err(|_| Invalid::Malformed("its payload does not hold the claims of a licence"))?;
    let iat = license.iat;
    Ok((license, Some(iat)))
}

/// Strict base64url; with the padding that Python writes, where a legacy profile allows that.
fn decode(text: &str, padded: bool) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    let padding = text.len() - bare.len();
    if padding > 0 && !(padded && padding <= 2 && text.len().is_multiple_of(4)) {
        return None;
    }
    Base64UrlUnpadded::decode_vec(bare).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(key: &str) -> usize {
        Envelope::parse(key).unwrap().readings(true).count()
    }

    #[test]
    fn a_hostile_key_costs_few_signature_checks() {
        let mut nested = String::from("x");
        // Each payload is a whole key for the customer that is everything before it.
        while nested.len() < 8_000 {
            let payload = format!(r#"{{"customer_id":"{nested}"}}"#);
            nested = format!("{nested}-{}", Base64UrlUnpadded::encode_string(payload.as_bytes()));
        }
        for body in [
            "-".repeat(16_000),
            "-e".repeat(8_000),
            "-eyJ9".repeat(3_200),
            "a-e30".repeat(3_200),
            nested,
        ] {
            let key = format!("CAIO-v2-a{body}.AA");
            assert!(readings(&key) <= MAX_READINGS, "{}", &key[..40]);
        }
    }

    #[test]
    fn a_customer_may_hold_dashes_and_only_the_one_in_the_payload_counts() {
        for customer in ["a", "acme-eu-west-1", "a--b", "-a", "e30-e30", "a-v2-b", &"x".repeat(128)]
        {
            let payload = format!(r#"{{"customer":{{"id":"{customer}"}}}}"#);
            let key = compose("CAIO", customer, payload.as_bytes(), b"s").unwrap();
            let envelope = Envelope::parse(&key).unwrap();
            let customers: Vec<&str> = envelope.readings(false).map(|r| r.customer).collect();
            assert_eq!(customers, [customer]);
            let other = format!("CAIO-v2-Z{}", &key[9..]);
            assert_eq!(readings(&other), 0, "{other}");
        }
    }

    #[test]
    fn what_cannot_be_a_customer_is_refused_by_the_issuer() {
        for customer in ["", "a.b", "a b", "ä", &"x".repeat(129)] {
            assert!(compose("CAIO", customer, b"{}", b"s").is_err(), "{customer}");
        }
        assert!(compose("caio", "a", b"{}", b"s").is_err());
    }
}
