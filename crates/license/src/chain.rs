//! The chain of actions: each entry is keyed to the one before, so that none can be left out, changed or made up
//! later, and two copies of one installation give themselves away.
//!
//! ```text
//! key   = SHA-256(license signature, project seed, salt, server nonce), each with its length (u32, big-endian) before it
//! text  = previous|sequence|tenant|action|hash|time
//! mac   = HMAC-SHA256(key, text), 64 hex digits in lower case: the `previous` of the next entry
//! ```
//!
//! Signature, salt and server nonce count as the text in which the authority's answers bring them, the seed as
//! bytes. The first `previous` is 64 zeros. In tenant and action, `|`, control characters and `%` itself are
//! percent-encoded (RFC 3986 section 2.1, upper-case hex of the UTF-8 bytes), so that no two entries have one text.
//!
//! Product and authority use this code alike; `spec/vectors/chain` holds cases for other languages.

use std::fmt::{self, Write};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What stands before the first entry.
pub const START: Link = Link([0; 32]);

/// The MAC of an entry, by which the next one follows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Link([u8; 32]);

/// Text that is not 64 hex digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hex digits in lower case")]
pub struct NotALink;

impl Link {
    /// From stored bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Link {
    type Err = NotALink;

    fn from_str(text: &str) -> Result<Self, NotALink> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(NotALink);
        }
        let mut link = [0; 32];
        for (byte, [high, low]) in link.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(link))
    }
}

fn digit(byte: u8) -> Result<u8, NotALink> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(NotALink),
    }
}

/// One action, as it is told to the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// 1 for the first, then one more each.
    pub sequence: u64,
    /// For whom.
    pub tenant: &'a str,
    /// What.
    pub action: &'a str,
    /// Hash of what was acted upon; hex, may be empty.
    pub hash: &'a str,
    /// When; RFC 3339 with `Z`, as it is told to the authority.
    pub time: &'a str,
}

impl Entry<'_> {
    /// The text that is keyed.
    #[must_use]
    pub fn text(&self, previous: &Link) -> String {
        let mut text = String::with_capacity(192);
        // Writing into a string does not fail.
        let _ = write!(text, "{previous}|{}|", self.sequence);
        encode(&mut text, self.tenant);
        text.push('|');
        encode(&mut text, self.action);
        for part in [self.hash, self.time] {
            text.push('|');
            text.push_str(part);
        }
        text
    }
}

fn encode(text: &mut String, part: &str) {
    for character in part.chars() {
        if matches!(character, '|' | '%') || character.is_control() {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(text, "%{byte:02X}");
            }
        } else {
            text.push(character);
        }
    }
}

/// The key of a stretch of the chain. It neither prints nor clones, and is wiped when dropped.
pub struct ChainKey(Zeroizing<[u8; 32]>);

impl ChainKey {
    /// From the licence's signature and the salt, both fixed at activation, the product's seed, and the server
    /// nonce of an answer.
    #[must_use]
    pub fn derive(
        license_signature: &str,
        project_seed: &[u8],
        salt: &str,
        server_nonce: &str,
    ) -> Self {
        let mut hash = Sha256::new();
        for part in
            [license_signature.as_bytes(), project_seed, salt.as_bytes(), server_nonce.as_bytes()]
        {
            // No part comes near 4 GiB; one that did would merely be told by its lowest 32 bits.
            hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(Zeroizing::new(hash.finalize().into()))
    }

    /// The MAC of an entry that follows `previous`.
    #[must_use]
    pub fn seal(&self, previous: &Link, entry: &Entry<'_>) -> Link {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.0) else {
            // HMAC takes keys of any length.
            return START;
        };
        mac.update(entry.text(previous).as_bytes());
        Link(mac.finalize().into_bytes().into())
    }

    /// Whether `mac` is that of the entry. In a time that does not depend on it.
    #[must_use]
    pub fn holds(&self, previous: &Link, entry: &Entry<'_>, mac: &Link) -> bool {
        *mac != START && bool::from(self.seal(previous, entry).0.ct_eq(&mac.0))
    }
}

impl fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChainKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    /// What a case says becomes of its entries: `None` where all hold.
    fn broken_at(case: &Value) -> Option<u64> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let key = ChainKey::derive(
            &text(&case["license_signature"]),
            &unhex(case["project_seed_hex"].as_str().unwrap()),
            &text(&case["salt"]),
            &text(&case["server_nonce"]),
        );
        let mut previous: Link = case["previous"].as_str().unwrap().parse().unwrap();
        let mut expected = case["first_sequence"].as_u64().unwrap();
        for given in case["entries"].as_array().unwrap() {
            let (tenant, action) = (text(&given["tenant"]), text(&given["action"]));
            let (hash, time) = (text(&given["hash"]), text(&given["time"]));
            let sequence = given["sequence"].as_u64().unwrap();
            let entry =
                Entry { sequence, tenant: &tenant, action: &action, hash: &hash, time: &time };
            let mac: Link = given["mac"].as_str().unwrap().parse().unwrap();
            if sequence != expected || !key.holds(&previous, &entry, &mac) {
                return Some(expected);
            }
            if let Some(wanted) = given["text"].as_str() {
                assert_eq!(entry.text(&previous), wanted);
            }
            (previous, expected) = (mac, expected + 1);
        }
        None
    }

    #[test]
    fn decision_35_every_vector_is_judged_as_it_says() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/chain");
        let mut count = 0;
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let case: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(broken_at(&case), case["broken_at"].as_u64(), "{}", path.display());
            count += 1;
        }
        assert_eq!(count, 12);
    }

    #[test]
    fn the_parts_of_the_key_cannot_be_shifted_into_each_other() {
        let entry = Entry { sequence: 1, tenant: "t", action: "a", hash: "", time: "now" };
        let mac = |signature, seed: &[u8], salt, nonce| {
            ChainKey::derive(signature, seed, salt, nonce).seal(&START, &entry)
        };
        let one = mac("ab", b"c", "d", "e");
        for other in
            [mac("a", b"bc", "d", "e"), mac("ab", b"", "cd", "e"), mac("ab", b"c", "de", "")]
        {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn no_two_entries_have_one_text() {
        let text = |tenant, action| {
            Entry { sequence: 1, tenant, action, hash: "", time: "t" }.text(&START)
        };
        assert_ne!(text("a|b", "c"), text("a", "b|c"));
        assert_ne!(text("a%7C", "c"), text("a|", "c"));
        assert!(text("a|b", "c\n").ends_with("|1|a%7Cb|c%0A||t"));
    }

    #[test]
    fn a_link_is_spelled_in_one_way_only() {
        let link: Link = "ab".repeat(32).parse().unwrap();
        assert_eq!(link.to_string(), "ab".repeat(32));
        for wrong in ["", &"AB".repeat(32), &"ab".repeat(31), &"ab".repeat(33), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Link>(), Err(NotALink), "{wrong}");
        }
    }
}
