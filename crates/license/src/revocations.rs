//! The revocation list: what a vendor took back, signed, with a number that only grows.
//!
//! It travels as the flattened serialization of a JWS (RFC 7515 section 7.2.2) in `revocations.json`, or compact in a
//! licence file; [`open`] reads both. [`weigh`] then says whether a list that is signed is news: one that is older than
//! what was seen, past its end, from the future or another issuer's changes nothing, and what that means is for the
//! product's policy to say.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::document::Document;
use crate::keyset::Purpose;
use crate::verify::{Verified, verify};
use crate::{Invalid, License, Text, Trust, json};

/// Longest list that is looked at, in bytes as it travels: some 40,000 entries. More travel as a status list.
pub const MAX_LIST_BYTES: usize = 8 * 1024 * 1024;
/// How long a list counts, in seconds.
pub const VALID_S: i64 = 72 * 3600;
/// How far ahead of the clock the number of a list may be, in seconds.
pub const AHEAD_S: i64 = 5 * 60;

/// Claims of a `revocations+jwt`. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationList {
    /// The authority.
    pub iss: String,
    /// When it was signed.
    pub iat: i64,
    /// From when on it is no news.
    pub exp: i64,
    /// Only grows; microseconds since the epoch, as a rule.
    pub seq: u64,
    /// What was revoked.
    pub revoked: Vec<Revoked>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// The key (`jti`), or the licence (`sub`) with all its keys.
    pub id: Text,
    /// When.
    pub at: i64,
    /// A public code: `refund`, `terms`, `leaked`, `superseded`, `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Until when products go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_until: Option<i64>,
}

impl Document for RevocationList {
    const TYP: &'static str = "revocations+jwt";
    const PURPOSE: Purpose = Purpose::Revocation;
    const MAX_BYTES: usize = MAX_LIST_BYTES;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}

impl RevocationList {
    /// The entry that ends this licence, the strictest where there are several.
    #[must_use]
    pub fn entry(&self, license: &License) -> Option<&Revoked> {
        self.revoked
            .iter()
            .filter(|entry| entry.id == license.jti || entry.id == license.sub)
            .min_by_key(|entry| entry.grace_until.unwrap_or(i64::MIN))
    }

    /// Whether the list lets this licence be at `now`: a revocation with grace counts once the grace is over.
    pub fn admits(&self, license: &License, now: i64) -> Result<(), Invalid> {
        match self.entry(license) {
            Some(entry) if entry.grace_until.is_none_or(|until| until <= now) => {
                Err(Invalid::Revoked {
                    at: entry.at,
                    reason: entry.reason.as_deref().map(Into::into),
                })
            }
            _ => Ok(()),
        }
    }
}

/// The number of the next list: it grows, and stays near the clock.
///
/// A number that lies further ahead than any product accepts was never remembered by one, and is not gone on from: so
/// a publisher whose clock was wrong once can be set right.
#[must_use]
pub fn next_seq(previous: Option<u64>, now_micros: i64) -> u64 {
    let now = u64::try_from(now_micros).unwrap_or(0);
    let ahead = now.saturating_add(AHEAD_S.unsigned_abs() * 1_000_000);
    match previous.filter(|previous| *previous <= ahead) {
        Some(previous) => now.max(previous.saturating_add(1)),
        None => now,
    }
}

/// What is remembered of the newest list that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Whose list.
    pub iss: String,
    /// Its number.
    pub seq: u64,
    /// SHA-256 of the list, in hex: two lists of one number are a fork.
    pub digest: String,
    /// When it was signed.
    pub iat: i64,
    /// From when on it is no news.
    pub exp: i64,
}

impl Mark {
    /// Of a list.
    #[must_use]
    pub fn of(list: &Verified<RevocationList>) -> Self {
        let digest = Sha256::digest(list.token());
        let digest = digest.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Self { iss: list.iss.clone(), seq: list.seq, digest, iat: list.iat, exp: list.exp }
    }
}

/// Why a signed list changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoNews {
    /// Another authority's.
    #[error("it is another issuer's list")]
    OtherIssuer,
    /// An older one than was seen.
    #[error("its number {seq} is lower than {seen}, which was seen already")]
    RolledBack {
        /// Its number.
        seq: u64,
        /// The one seen.
        seen: u64,
    },
    /// Another one of a number that was seen.
    #[error("there is another list with the number {seq}")]
    Forked {
        /// The number.
        seq: u64,
    },
    /// Its number or time is further ahead than a clock can be wrong.
    #[error("its number {seq} is from the future")]
    Future {
        /// Its number.
        seq: u64,
    },
    /// Past its end.
    #[error("it counted until {at} only")]
    Expired {
        /// Its end.
        at: i64,
    },
}

impl NoNews {
    /// The stable code, for logs and answers.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OtherIssuer => "other_issuer",
            Self::RolledBack { .. } => "rolled_back",
            Self::Forked { .. } => "forked",
            Self::Future { .. } => "from_the_future",
            Self::Expired { .. } => "out_of_date",
        }
    }
}

/// Whether a signed list is news; `Ok(false)`: it is the one that was seen.
///
/// `issuer` is the authority whose lists count, `seen` the newest list of it so far.
pub fn weigh(
    list: &Verified<RevocationList>,
    issuer: &str,
    seen: Option<&Mark>,
    now_micros: i64,
) -> Result<bool, NoNews> {
    if list.iss != issuer {
        return Err(NoNews::OtherIssuer);
    }
    let now = now_micros.div_euclid(1_000_000);
    let most =
        u64::try_from(now_micros).unwrap_or(0).saturating_add(AHEAD_S.unsigned_abs() * 1_000_000);
    if list.seq > most || list.iat > now.saturating_add(AHEAD_S) {
        return Err(NoNews::Future { seq: list.seq });
    }
    // Remembered before the clock was set right: no list of that number was ever good.
    let seen = seen.filter(|seen| seen.iss == issuer && seen.seq <= most);
    if let Some(seen) = seen {
        if list.seq < seen.seq {
            return Err(NoNews::RolledBack { seq: list.seq, seen: seen.seq });
        }
        if list.seq == seen.seq && Mark::of(list).digest != seen.digest {
            return Err(NoNews::Forked { seq: list.seq });
        }
    }
    if list.exp <= now {
        return Err(NoNews::Expired { at: list.exp });
    }
    Ok(seen.is_none_or(|seen| seen.seq < list.seq))
}

/// The members of the flattened serialization. What is not signed is not read, and says nothing about how to.
#[derive(Serialize, Deserialize)]
struct Flattened {
    payload: String,
    protected: String,
    signature: String,
    #[serde(default, skip_serializing, deserialize_with = "json::present")]
    header: bool,
    #[serde(default, skip_serializing, deserialize_with = "json::present")]
    signatures: bool,
}

/// Checks a list's signature, flattened or compact.
pub fn open(text: &str, trust: &Trust) -> Result<Verified<RevocationList>, Invalid> {
    verify(&compact::<RevocationList>(text)?, trust)
}

/// The compact form of a document that may be flattened.
pub fn compact<T: Document>(text: &str) -> Result<String, Invalid> {
    if text.len() > T::MAX_BYTES {
        return Err(Invalid::Malformed("it is longer than such a document may be"));
    }
    let text = text.trim_start_matches('\u{feff}').trim();
    if !text.starts_with('{') {
        return Ok(text.to_owned());
    }
    let parts: Flattened = json::from_slice(text.as_bytes())
        .map_err(|_| Invalid::Malformed("it is not a flattened JWS"))?;
    if parts.header || parts.signatures {
        return Err(Invalid::Malformed("it has members that nobody signed"));
    }
    Ok(format!("{}.{}.{}", parts.protected, parts.payload, parts.signature))
}

/// The flattened form of a compact token.
#[must_use]
pub fn flatten(token: &str) -> Option<String> {
    let mut parts = token.split('.').map(str::to_owned);
    let (protected, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let flat = Flattened { payload, protected, signature, header: false, signatures: false };
    serde_json::to_string(&flat).ok()
}
