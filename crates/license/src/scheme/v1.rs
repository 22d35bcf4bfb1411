//! `v1`: `PREFIX-TIER-UUID-EXPIRY-SIG16`, TMWS's keys.
//!
//! The signature is HMAC-SHA256 (RFC 2104) over `TIER:UUID:EXPIRY` as spelled in the key, its first 16 hex
//! digits in lower case. A key for one machine has `:FINGERPRINT` behind that text; its own shape is the same.
//! Sixty-four bits and a secret that verifies *and* signs are a known weakness: whoever can check these keys
//! can make them. So the scheme is off until a secret is given, and belongs with the authority.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::scheme::{Rules, civil, is_prefix};
use crate::{Invalid, License, Verified};

/// Shortest secret, in characters.
const MIN_SECRET: usize = 32;
/// Length of the signature in hex digits.
const TAG: usize = 16;

/// A secret that makes and checks v1 keys. It neither prints nor clones, and is wiped when dropped.
pub struct Secret(Zeroizing<Vec<u8>>);

/// The secret is shorter than 32 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret has fewer than 32 characters")]
pub struct WeakSecret;

impl Secret {
    /// Takes the secret's bytes as they stand.
    pub fn new(bytes: &[u8]) -> Result<Self, WeakSecret> {
        let length = std::str::from_utf8(bytes).map_or(bytes.len(), |text| text.chars().count());
        if length < MIN_SECRET {
            return Err(WeakSecret);
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    pub(crate) fn tag(&self, message: &[u8]) -> Option<[u8; TAG]> {
        // HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(message);
        let mut tag = [0; TAG];
        for (pair, byte) in tag.chunks_mut(2).zip(mac.finalize().into_bytes()) {
            pair.copy_from_slice(&[hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
        Some(tag)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Without a table: looking one up would leave traces of the tag in the cache.
fn hex_digit(nibble: u8) -> u8 {
    let above_nine = Choice::from(nibble.wrapping_sub(10) >> 7 ^ 1);
    u8::conditional_select(&(nibble + b'0'), &(nibble.wrapping_add(b'a' - 10)), above_nine)
}

/// A v1 key taken apart; nothing in it is checked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// What it begins with; not covered by the signature.
    pub prefix: &'a str,
    /// Tier name.
    pub tier: &'a str,
    /// The licence, a UUID of any version.
    pub id: &'a str,
    /// `PERPETUAL` or `YYYYMMDD`.
    pub expiry: &'a str,
    /// The first second after that day, UTC; none: perpetual.
    pub exp: Option<i64>,
    tag: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Takes a key apart.
    pub fn parse(key: &'a str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = key.split('-').collect();
        let [prefix, tier, _, _, _, _, _, expiry, tag] = parts[..] else {
            return Err(Invalid::Malformed(
                "it wants nine parts between dashes: PREFIX-TIER-UUID-EXPIRY-SIGNATURE",
            ));
        };
        if !is_prefix(prefix) {
            return Err(Invalid::Malformed("its prefix is not 1 to 16 capital letters and digits"));
        }
        if tier.is_empty() || !tier.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(Invalid::Malformed("its tier is not letters, digits and underscores"));
        }
        if !is_uuid(&parts[2..7]) {
            return Err(Invalid::Malformed("its licence id is not a UUID"));
        }
        let exp = match expiry {
            "PERPETUAL" => None,
            date => Some(civil::end_of_day(date).ok_or(Invalid::Malformed(
                "its expiry is neither PERPETUAL nor a date YYYYMMDD of the calendar",
            ))?),
        };
        if tag.len() != TAG || !tag.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Invalid::Malformed("its signature is not 16 hex digits in lower case"));
        }
        let start = prefix.len() + tier.len() + 2;
        let id = key.get(start..start + 36).ok_or(Invalid::Malformed("it was cut off"))?;
        Ok(Self { prefix, tier, id, expiry, exp, tag: tag.as_bytes() })
    }

    fn signed_text(&self, fingerprint: Option<&str>) -> String {
        let mut text = format!("{}:{}:{}", self.tier, self.id, self.expiry);
        if let Some(fingerprint) = fingerprint {
            text.push(':');
            text.push_str(fingerprint);
        }
        text
    }
}

/// Whether a key wants to be a v1 key: a UUID where it belongs with something behind it, or nine parts with
/// an expiry where that belongs.
pub(super) fn is_meant(key: &str) -> bool {
    let parts: Vec<&str> = key.split('-').take(10).collect();
    let has_uuid = parts.len() > 7
        && parts[2..7].iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts[2..7].iter().all(|part| part.bytes().all(|b| b.is_ascii_alphanumeric()));
    let is_expiry = |part: &str| {
        part == "PERPETUAL" || (part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit()))
    };
    (has_uuid && (parts.len() > 8 || is_expiry(parts[7])))
        || (parts.len() == 9 && is_expiry(parts[7]))
}

fn is_uuid(groups: &[&str]) -> bool {
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Makes a key, for one machine where a fingerprint is given. `expiry` is `PERPETUAL` or `YYYYMMDD`.
pub fn make(
    secret: &Secret,
    prefix: &str,
    tier: &str,
    id: &str,
    expiry: &str,
    fingerprint: Option<&str>,
) -> Result<String, Invalid> {
    let unsigned = format!("{prefix}-{tier}-{id}-{expiry}-");
    let draft = format!("{unsigned}{}", "0".repeat(TAG));
    let tag =
        secret.tag(Parts::parse(&draft)?.signed_text(fingerprint).as_bytes()).unwrap_or_default();
    Ok(tag.iter().fold(unsigned, |mut key, digit| {
        key.push(char::from(*digit));
        key
    }))
}

pub(super) fn verify(key: &str, rules: &Rules, now: i64) -> Result<Verified<License>, Invalid> {
    let parts = Parts::parse(key)?;
    if rules.secrets.iter().all(|(_, until)| until.is_some_and(|until| now >= until)) {
        return Err(Invalid::SchemeDisabled);
    }
    let mut texts = vec![parts.signed_text(None)];
    texts.extend(rules.fingerprints.iter().map(|machine| parts.signed_text(Some(machine))));
    // Every secret is tried on every text, whether or not one matched: the time tells nothing of the tag.
    let (mut matched, mut position) = (0_u32, 0_u32);
    for (secret, _) in &rules.secrets {
        position += 1;
        for tag in texts.iter().filter_map(|text| secret.tag(text.as_bytes())) {
            matched.conditional_assign(&position, tag[..].ct_eq(parts.tag));
        }
    }
    let found = (1_u32..).zip(&rules.secrets).find(|(at, _)| *at == matched);
    let (_, (_, until)) = found.ok_or(Invalid::BadSignature)?;
    if until.is_some_and(|until| now >= until) {
        return Err(Invalid::SchemeDisabled);
    }
    if let Some(wanted) = rules.prefix.as_deref().filter(|wanted| *wanted != parts.prefix) {
        let (wanted, found) = (wanted.to_owned(), parts.prefix.to_owned());
        return Err(Invalid::WrongProduct { wanted, found });
    }
    let plan = rules
        .plan_of_tier(parts.tier)
        .ok_or(Invalid::Malformed("its tier is none of the product's plans"))?;
    let product = rules.product.clone().unwrap_or_else(|| parts.prefix.to_ascii_lowercase());
    let mut license = plan.license(product, &parts.id.to_ascii_lowercase());
    license.exp = parts.exp;
    Ok(Verified::new(license, key, format!("v1:{matched}").into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trust;
    use crate::scheme::{Plan, Scheme, check};

    const ID: &str = "550e8400-e29b-41d4-a716-446655440000";
    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const OTHER: &[u8] = b"fedcba9876543210fedcba9876543210";

    fn key(secret: &[u8], fingerprint: Option<&str>) -> String {
        let secret = Secret::new(secret).unwrap();
        make(&secret, "TMWS", "PRO", ID, "20251217", fingerprint).unwrap()
    }

    fn rules(secret: &[u8]) -> Rules {
        Rules::new().product("tmws").prefix("TMWS").secret(secret, None).unwrap()
    }

    fn verdict(key: &str, rules: &Rules) -> Result<Verified<License>, Invalid> {
        check(key, &Trust::default(), rules, 1_000)
    }

    #[test]
    fn the_signature_is_the_one_that_python_computes() {
        // hmac.new(SECRET, b"PRO:550e8400-…:20251217", hashlib.sha256).hexdigest()[:16]
        assert_eq!(key(SECRET, None), format!("TMWS-PRO-{ID}-20251217-d768b4e656af772f"));
    }

    #[test]
    fn the_plan_of_its_tier_says_what_it_grants() {
        let plan = Plan {
            code: "pro".into(),
            tier: "PRO".into(),
            features: vec!["x".into()],
            ..Plan::default()
        };
        let license = verdict(&key(SECRET, None), &rules(SECRET).plan(plan.clone())).unwrap();
        assert_eq!((license.aud.as_str(), license.tier.as_str()), ("tmws", "PRO"));
        assert_eq!((license.sub.as_str(), license.jti.as_str()), (ID, ID));
        assert_eq!((license.exp, license.kid()), (Some(1_766_016_000), "v1:1"));
        assert!(license.has_feature("x"));
        assert_eq!(license.signature().len(), 16);

        let other = Plan { tier: "FREE".into(), ..plan };
        let Err(Invalid::Malformed(why)) = verdict(&key(SECRET, None), &rules(SECRET).plan(other))
        else {
            panic!("a tier that no plan has")
        };
        assert!(why.contains("tier"));
    }

    #[test]
    fn any_of_several_secrets_may_match_until_its_day() {
        let many = |until| {
            let rules = rules(OTHER).secret(SECRET, until).unwrap();
            rules.secret(b"another secret of thirty-two chars", None).unwrap()
        };
        assert_eq!(verdict(&key(SECRET, None), &many(None)).unwrap().kid(), "v1:2");
        assert_eq!(verdict(&key(SECRET, None), &many(Some(1_001))).unwrap().kid(), "v1:2");
        assert_eq!(verdict(&key(SECRET, None), &many(Some(1_000))), Err(Invalid::SchemeDisabled));
        assert_eq!(verdict(&key(SECRET, None), &rules(OTHER)), Err(Invalid::BadSignature));
    }

    #[test]
    fn without_a_secret_or_switched_off_it_is_refused() {
        let key = key(SECRET, None);
        assert_eq!(verdict(&key, &Rules::new()), Err(Invalid::SchemeDisabled));
        assert_eq!(
            verdict(&key, &rules(SECRET).off(Scheme::V1, None)),
            Err(Invalid::SchemeDisabled)
        );
        assert_eq!(
            verdict(&key, &rules(SECRET).off(Scheme::V1, Some(1_000))),
            Err(Invalid::SchemeDisabled)
        );
        assert!(verdict(&key, &rules(SECRET).off(Scheme::V1, Some(1_001))).is_ok());
        assert!(
            Secret::new(&SECRET[1..]).is_err() && Secret::new("ä".repeat(16).as_bytes()).is_err()
        );
        assert_eq!(format!("{:?}", rules(SECRET).secrets), "[(Secret(…), None)]");
    }

    #[test]
    fn a_key_for_one_machine_passes_there_only() {
        let key = key(SECRET, Some("00ff"));
        assert!(verdict(&key, &rules(SECRET).fingerprint("00ff")).is_ok());
        assert!(verdict(&self::key(SECRET, None), &rules(SECRET).fingerprint("00ff")).is_ok());
        for rules in [rules(SECRET), rules(SECRET).fingerprint("00fe")] {
            assert_eq!(verdict(&key, &rules), Err(Invalid::BadSignature));
        }
    }

    #[test]
    fn the_prefix_must_be_the_products() {
        let key = key(SECRET, None).replace("TMWS", "CAIO");
        assert!(matches!(verdict(&key, &rules(SECRET)), Err(Invalid::WrongProduct { .. })));
    }

    #[test]
    fn the_samples_in_its_makers_own_text_are_malformed_and_hear_why() {
        for key in [
            "TMWS-ENTERPRISE-550e8400-e29b-41d4-a716-446655440000-PERPETUAL-a7f3b9c2d4e5f6",
            "TMWS-PRO-7c8d9e0f-1a2b-3c4d-5e6f-7a8b9c0d1e2f-20251217-d8e9f0a1b2c3",
        ] {
            let Err(Invalid::Malformed(why)) = verdict(key, &rules(SECRET)) else {
                panic!("{key}")
            };
            assert!(why.contains("16 hex digits"), "{why}");
        }
    }

    #[test]
    fn a_part_that_is_missing_or_wrong_is_named() {
        let tag = "0123456789abcdef";
        for (key, reason) in [
            (format!("TMWS-PRO-{ID}-PERPETUAL"), "nine parts"),
            (format!("TMWS-PRO-{ID}-PERPETUAL-{tag}-x"), "nine parts"),
            (format!("TMWS-PRO-{}-PERPETUAL-{tag}", ID.replace('e', "g")), "UUID"),
            (format!("TMWS-P:O-{ID}-PERPETUAL-{tag}"), "tier"),
            (format!("tmws-PRO-{ID}-PERPETUAL-{tag}"), "prefix"),
            (format!("TMWS-PRO-{ID}-20250230-{tag}"), "expiry"),
            (format!("TMWS-PRO-{ID}-perpetual-{tag}"), "expiry"),
            (format!("TMWS-PRO-{ID}-PERPETUAL-{}", tag.to_uppercase()), "16 hex"),
            (format!("TMWS-PRO-{ID}-PERPETUAL-{tag}0"), "16 hex"),
        ] {
            let Err(Invalid::Malformed(why)) = verdict(&key, &rules(SECRET)) else {
                panic!("{key}")
            };
            assert!(why.contains(reason), "{key}: {why}");
        }
    }

    #[test]
    fn hex_digits() {
        let digits: Vec<u8> = (0..16).map(hex_digit).collect();
        assert_eq!(digits, b"0123456789abcdef");
    }
}
