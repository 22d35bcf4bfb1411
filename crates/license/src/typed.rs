//! Air-gapped activation by typing, for machines that nothing may be carried to or from: the machine shows twenty
//! symbols, somebody types them where the authority is, and types back what it answers.
//!
//! The request is the hash of a secret that only the machine knows, made of its licence, its cluster and itself; so the
//! answer counts nowhere else. Telling the secret gives the seat back. The answer is a signature and two times: the
//! document that it signs is put together again on the machine, which knows everything else that is in it.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::document::Document;
use crate::keyset::Purpose;
use crate::lease::Standing;
use crate::scheme::short::{self, ShortKey, symbol_of, value_of};
use crate::verify::Verified;
use crate::{Invalid, Lease, License};

/// What a request begins with.
pub const REQUEST: &str = "REQUEST";
/// What the word that gives the seat back begins with.
pub const RETURN: &str = "RETURN";

const HOUR_S: i64 = 3_600;
/// Two times of three bytes and a signature of 64: seventy bytes are 112 symbols exactly.
const BYTES: usize = 70;
/// Symbols of a line before its check symbol.
const LINE: usize = 14;
/// With the check symbol.
const TYPED_LINE: usize = LINE + 1;
const LINES: usize = BYTES * 8 / 5 / LINE;

/// The secret of a request: what gives the seat back.
#[must_use]
pub fn secret(
    seed: &[u8; 32],
    product: &str,
    license: &str,
    cluster_id: &str,
    machine: Option<&str>,
) -> ShortKey {
    let mut hash = Sha256::new_with_prefix(b"licentia typed secret");
    hash.update(seed);
    for part in [product, license, cluster_id, machine.unwrap_or_default()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    word(RETURN, &hash.finalize().into())
}

/// The request that goes with a secret.
#[must_use]
pub fn request_of(secret: &ShortKey) -> ShortKey {
    let text = secret.to_string();
    word(
        REQUEST,
        &Sha256::new_with_prefix(b"licentia typed request").chain_update(text).finalize().into(),
    )
}

/// Reads a request or the word that gives the seat back, as people type it; [`ShortKey::prefix`] says which.
pub fn parse_word(text: &str) -> Result<ShortKey, Invalid> {
    let word = short::parse(text.trim())?;
    match word.prefix() {
        REQUEST | RETURN => Ok(word),
        _ => Err(Invalid::Malformed("it begins with neither REQUEST nor RETURN")),
    }
}

fn word(prefix: &str, hash: &[u8; 32]) -> ShortKey {
    let mut random = [0; 12];
    random.copy_from_slice(&hash[..12]);
    ShortKey::of_bits(prefix, &random)
}

/// Claims of a `typed+jwt`, in this order and with nothing else: both sides put the same bytes together. Its header names
/// no key. Times are full hours, in seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedLease {
    /// The authority.
    pub iss: String,
    /// The licence.
    pub sub: String,
    /// Product code.
    pub aud: String,
    /// When the authority answered.
    pub iat: i64,
    /// End of the lease.
    pub exp: i64,
    /// The request, as [`ShortKey`] spells it.
    pub request: String,
}

impl Document for TypedLease {
    const TYP: &'static str = "typed+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}

impl TypedLease {
    /// The full hour before a time.
    #[must_use]
    pub fn hour(at: i64) -> i64 {
        at.div_euclid(HOUR_S).saturating_mul(HOUR_S)
    }

    /// What is signed (RFC 7515 section 5.1).
    pub fn signing_input(&self) -> Result<String, Invalid> {
        let claims =
            serde_json::to_vec(self).map_err(|_| Invalid::Malformed("its claims are no JSON"))?;
        let header = format!(r#"{{"alg":"EdDSA","typ":"{}"}}"#, Self::TYP);
        Ok(format!(
            "{}.{}",
            Base64UrlUnpadded::encode_string(header.as_bytes()),
            Base64UrlUnpadded::encode_string(&claims)
        ))
    }

    /// What is typed on the machine: eight lines of three groups, each with a check symbol.
    pub fn answer(&self, signature: &[u8]) -> Result<String, Invalid> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend(hours(self.iat)?);
        bytes.extend(hours(self.exp)?);
        bytes.extend(signature);
        if bytes.len() != BYTES {
            return Err(Invalid::Malformed(
                "only an Ed25519 signature is short enough to be typed",
            ));
        }
        let mut text = String::new();
        for (line, values) in (0..).zip(symbols(&bytes).chunks(LINE)) {
            for (at, value) in (0..).zip(values.iter().chain([&check_value(line, values)])) {
                if at > 0 && at % 5 == 0 {
                    text.push('-');
                }
                text.push(symbol_of(*value));
            }
            text.push('\n');
        }
        Ok(text)
    }

    /// This lease as the one it stands for, with what the licence grants.
    #[must_use]
    pub fn lease(typed: &Verified<Self>, license: &License, cluster_id: &str) -> Verified<Lease> {
        let lease = Lease {
            iss: typed.iss.clone(),
            sub: license.sub.clone(),
            aud: license.aud.clone(),
            iat: typed.iat,
            exp: typed.exp,
            act: typed.request.clone(),
            cluster_id: cluster_id.to_owned(),
            token_version: 0,
            generation: 0,
            nonce: typed.request.clone(),
            server_nonce: String::new(),
            tier: license.tier.clone(),
            rank: license.rank,
            features: license.features.clone(),
            limits: license.limits.clone(),
            nodes: license.nodes,
            standing: if license.trial { Standing::Trial } else { Standing::Active },
            next_at: typed.exp,
            revocations_seq: 0,
            fingerprint: None,
        };
        Verified::new(lease, typed.token(), typed.kid().into())
    }
}

/// An answer as it was typed. Nothing in it is checked but that nothing is mistyped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedAnswer {
    iat: i64,
    exp: i64,
    signature: Vec<u8>,
}

impl TypedAnswer {
    /// Whether a text wants to be one.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        let symbols = text.bytes().filter(u8::is_ascii_alphanumeric).count();
        (LINES * TYPED_LINE - TYPED_LINE..=LINES * TYPED_LINE + TYPED_LINE).contains(&symbols)
    }

    /// Reads one: dashes and white space count for nothing, nor does case.
    pub fn parse(text: &str) -> Result<Self, Mistyped> {
        let typed: Vec<u8> =
            text.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b'-').collect();
        if typed.len() != LINES * TYPED_LINE {
            return Err(Mistyped::Length { is: typed.len(), wanted: LINES * TYPED_LINE });
        }
        let mut values = Vec::with_capacity(LINES * LINE);
        for (line, symbols) in (0..).zip(typed.chunks(TYPED_LINE)) {
            let wrong = |_| Mistyped::Line(line + 1);
            let read: Vec<u8> =
                symbols.iter().map(|b| value_of(*b)).collect::<Result<_, _>>().map_err(wrong)?;
            let (check, read) = read.split_last().ok_or(Mistyped::Line(line + 1))?;
            if check_value(line, read) != *check {
                return Err(Mistyped::Line(line + 1));
            }
            values.extend(read);
        }
        let bytes = bytes_of(&values);
        let (times, signature) = bytes.split_at(6);
        let time = |bytes: &[u8]| {
            bytes.iter().fold(0, |hours, byte| hours << 8 | i64::from(*byte)) * HOUR_S
        };
        let (iat, exp) = times.split_at(3);
        Ok(Self { iat: time(iat), exp: time(exp), signature: signature.to_vec() })
    }

    /// The document that it signs, where it answers this request.
    pub fn token(&self, license: &License, request: &ShortKey) -> Result<String, Invalid> {
        let lease = TypedLease {
            iss: license.iss.to_string(),
            sub: license.sub.to_string(),
            aud: license.aud.to_string(),
            iat: self.iat,
            exp: self.exp,
            request: request.to_string(),
        };
        Ok(format!(
            "{}.{}",
            lease.signing_input()?,
            Base64UrlUnpadded::encode_string(&self.signature)
        ))
    }
}

/// What was typed is not what was to be typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistyped {
    /// Symbols are missing or too many.
    #[error("{is} symbols were typed instead of {wanted}")]
    Length {
        /// So many.
        is: usize,
        /// Instead of so many.
        wanted: usize,
    },
    /// A line, counted from 1.
    #[error("a symbol of line {0} is mistyped")]
    Line(u8),
}

fn hours(at: i64) -> Result<[u8; 3], Invalid> {
    let hours = u32::try_from(at / HOUR_S).unwrap_or(u32::MAX).to_be_bytes();
    match (hours, at % HOUR_S) {
        ([0, rest @ ..], 0) => Ok(rest),
        _ => Err(Invalid::Malformed("a time of it is no full hour that can be typed")),
    }
}

/// Five bits a symbol, the highest first.
fn symbols(bytes: &[u8]) -> Vec<u8> {
    bytes
        .chunks(5)
        .flat_map(|five| {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            (0..8).rev().map(move |at| (bits >> (5 * at)).to_le_bytes()[0] & 31)
        })
        .collect()
}

fn bytes_of(symbols: &[u8]) -> Vec<u8> {
    symbols
        .chunks(8)
        .flat_map(|eight| {
            let bits = eight.iter().fold(0_u64, |bits, value| bits << 5 | u64::from(*value));
            (0..5).rev().map(move |at| (bits >> (8 * at)).to_le_bytes()[0])
        })
        .collect()
}

/// As in a short key, and with the line, so that lines that change places are seen.
fn check_value(line: u8, values: &[u8]) -> u8 {
    // At most 14 × 15 / 2 × 31 + 7.
    let sum: u16 = (1..).zip(values).map(|(at, value)| at * u16::from(*value)).sum();
    ((sum + u16::from(line)) % 31).to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lease(iat: i64, exp: i64) -> TypedLease {
        let text = |text: &str| text.to_owned();
        TypedLease { iss: text("i"), sub: text("s"), aud: text("a"), iat, exp, request: text("r") }
    }

    proptest! {
        #[test]
        fn what_is_answered_is_read_back_however_it_is_typed(
            hours in 0..0x00ff_ffff_i64,
            signature in proptest::collection::vec(any::<u8>(), 64),
        ) {
            let (iat, exp) = (hours * HOUR_S, (hours + 1) * HOUR_S);
            let text = lease(iat, exp).answer(&signature).unwrap();
            let wanted = TypedAnswer { iat, exp, signature };
            let typed = text.to_lowercase().replace('0', "o").replace(['-', '\n'], " ");
            for spelling in [text, typed] {
                prop_assert!(TypedAnswer::is_meant(&spelling));
                prop_assert_eq!(TypedAnswer::parse(&spelling), Ok(wanted.clone()));
            }
        }

        #[test]
        fn a_mistyped_symbol_is_told_by_its_line(
            signature in proptest::collection::vec(any::<u8>(), 64),
            at in 0..LINES * TYPED_LINE,
            other in 0_u8..32,
        ) {
            let text = lease(0, HOUR_S).answer(&signature).unwrap().replace(['-', '\n'], "");
            let mut typed = text.into_bytes();
            let before = value_of(typed[at]).unwrap();
            typed[at] = u8::try_from(symbol_of(other)).unwrap();
            let read = TypedAnswer::parse(&String::from_utf8(typed).unwrap());
            // Symbols whose values differ by 31 pass the check; the signature does not.
            if before % 31 != other % 31 || (before != other && at % TYPED_LINE == LINE) {
                let line = u8::try_from(at / TYPED_LINE + 1).unwrap();
                prop_assert_eq!(read, Err(Mistyped::Line(line)));
            }
        }
    }

    #[test]
    fn lines_that_change_places_and_missing_ones_are_seen() {
        let text = lease(0, HOUR_S).answer(&[7; 64]).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[0].len()), (8, 17), "{text}");
        lines.swap(3, 4);
        assert_eq!(TypedAnswer::parse(&lines.join("\n")), Err(Mistyped::Line(4)));
        let short = TypedAnswer::parse(&lines[..7].join("\n"));
        assert_eq!(short, Err(Mistyped::Length { is: 105, wanted: 120 }));
        assert!(lease(0, 1).answer(&[7; 64]).is_err(), "no full hour");
        assert!(lease(0, HOUR_S).answer(&[7; 256]).is_err(), "RSA");
        assert!(lease(i64::MAX / HOUR_S * HOUR_S, 0).answer(&[7; 64]).is_err());
    }

    #[test]
    fn a_request_is_of_one_machine_and_tells_no_secret() {
        let of = |cluster: &str, machine: Option<&str>| {
            secret(&[7; 32], "bzzz", "license", cluster, machine)
        };
        let one = of("c", Some("m"));
        assert_eq!(one, of("c", Some("m")));
        let request = request_of(&one).to_string();
        for other in [of("d", Some("m")), of("c", None), of("cm", None), of("c", Some("n"))] {
            assert_ne!(request_of(&other).to_string(), request);
        }
        assert!(request.starts_with("REQUEST-") && one.to_string().starts_with("RETURN-"));
        assert_eq!(parse_word(&format!(" {}\n", request.to_lowercase())), Ok(request_of(&one)));
        assert!(parse_word("BZZZ-12345-6789A-BCDEF-GHJKN").is_err());
        // Written down once: a machine of today must understand an authority of tomorrow.
        assert_eq!(request, "REQUEST-BDF9P-XWM4F-6TYT5-EFJMH");
    }
}
