//! `short`: `PREFIX-XXXXX-XXXXX-XXXXX-XXXXX`, for people who type.
//!
//! Nineteen random symbols of Crockford's base32 and a check symbol: 95 bits that only the authority can
//! look up. The check symbol is Σ position × value mod 31, positions from 1 to 19. Since 31 is prime it
//! catches every symbol exchanged with a neighbour and every wrong one, but for a `0` typed as `Z` (values
//! 0 and 31) and their like: there the authority's answer is the check.

use std::fmt;

use crate::Invalid;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SYMBOLS: usize = 20;
const GROUP: usize = 5;

/// A short key in its canonical spelling, which [`fmt::Display`] writes; its hash is what is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ShortKey {
    prefix: String,
    values: [u8; SYMBOLS],
}

impl ShortKey {
    /// What it begins with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Of 95 of these bits.
    pub(crate) fn of_bits(prefix: &str, random: &[u8; 12]) -> Self {
        let mut bits = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let mut values = [0; SYMBOLS];
        for value in &mut values[..SYMBOLS - 1] {
            *value = bits.to_le_bytes()[0] & 31;
            bits >>= 5;
        }
        values[SYMBOLS - 1] = check_value(&values);
        Self { prefix: prefix.to_owned(), values }
    }
}

impl fmt::Display for ShortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.prefix)?;
        for group in self.values.chunks(GROUP) {
            f.write_str("-")?;
            for value in group {
                write!(f, "{}", symbol_of(*value))?;
            }
        }
        Ok(())
    }
}

// The whole key is the credential.
impl fmt::Debug for ShortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortKey({}-…)", self.prefix)
    }
}

/// Makes a key from 12 random bytes, of which 95 bits count.
pub fn make(prefix: &str, random: &[u8; 12]) -> Result<ShortKey, Invalid> {
    if !super::is_prefix(prefix) {
        return Err(Invalid::Malformed("its prefix is not 1 to 16 capital letters and digits"));
    }
    Ok(ShortKey::of_bits(prefix, random))
}

/// Reads a key as people type it: upper or lower case, `O` for `0`, `I` and `L` for `1`.
pub fn parse(text: &str) -> Result<ShortKey, Invalid> {
    let mut parts = text.split('-');
    let prefix = parts.next().unwrap_or_default().to_ascii_uppercase();
    if !super::is_prefix(&prefix) {
        return Err(Invalid::Malformed("its prefix is not 1 to 16 letters and digits"));
    }
    let groups: Vec<&str> = parts.collect();
    if groups.len() != SYMBOLS / GROUP || groups.iter().any(|group| group.len() != GROUP) {
        return Err(Invalid::Malformed("it wants four groups of five characters"));
    }
    let mut values = [0; SYMBOLS];
    for (value, symbol) in values.iter_mut().zip(groups.iter().flat_map(|group| group.bytes())) {
        *value = value_of(symbol)?;
    }
    if check_value(&values) != values[SYMBOLS - 1] {
        return Err(Invalid::Malformed("one character is mistyped"));
    }
    Ok(ShortKey { prefix, values })
}

/// Whether a key wants to be a short one.
pub(super) fn is_meant(key: &str) -> bool {
    let mut parts = key.split('-');
    parts.next().is_some_and(|prefix| super::is_prefix(&prefix.to_ascii_uppercase()))
        && parts.clone().count() == SYMBOLS / GROUP
        && parts
            .all(|group| group.len() == GROUP && group.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The symbol of the lower five bits of a value.
pub(crate) fn symbol_of(value: u8) -> char {
    char::from(ALPHABET[usize::from(value & 31)])
}

/// The value of a symbol as people type it.
pub(crate) fn value_of(symbol: u8) -> Result<u8, Invalid> {
    let symbol = match symbol.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        b'U' => return Err(Invalid::Malformed("it holds the letter U, which no key has; a V?")),
        symbol => symbol,
    };
    (0..32_u8)
        .zip(ALPHABET)
        .find_map(|(value, letter)| (*letter == symbol).then_some(value))
        .ok_or(Invalid::Malformed("it holds a character that no key has"))
}

fn check_value(values: &[u8; SYMBOLS]) -> u8 {
    // At most 19 × 20 / 2 × 31 = 5,890.
    let sum: u16 = (1..).zip(&values[..SYMBOLS - 1]).map(|(at, v)| at * u16::from(*v)).sum();
    (sum % 31).to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_made_is_read_back_however_it_is_typed(random: [u8; 12], prefix in "[A-Z0-9]{1,16}") {
            let key = make(&prefix, &random).unwrap();
            let text = key.to_string();
            let (head, body) = text.split_once('-').unwrap();
            let typed = format!("{head}-{}", body.replace('0', "o").replace('1', "L"));
            for spelling in [text.clone(), text.to_lowercase(), typed] {
                prop_assert!(is_meant(&spelling));
                prop_assert_eq!(parse(&spelling), Ok(key.clone()));
            }
        }

        #[test]
        fn a_wrong_symbol_and_two_exchanged_ones_are_seen(
            random: [u8; 12],
            at in 0..SYMBOLS - 1,
            other in 0_u8..32,
        ) {
            let mut key = make("BZZZ", &random).unwrap();
            let before = key.clone();
            key.values[at] = other;
            prop_assert_eq!(parse(&key.to_string()).is_ok(), before.values[at] % 31 == other % 31);
            let mut key = before.clone();
            key.values.swap(at, (at + 1) % (SYMBOLS - 1));
            let same = before.values[at] % 31 == before.values[(at + 1) % (SYMBOLS - 1)] % 31;
            prop_assert_eq!(parse(&key.to_string()).is_ok(), same);
        }
    }

    #[test]
    fn a_known_key() {
        // 1×1 + 2×2 + … + 19×19 = 2,470 = 79 × 31 + 21.
        let mut values = [0; SYMBOLS];
        (1..).zip(&mut values[..19]).for_each(|(at, value)| *value = at);
        assert_eq!(check_value(&values), 21);
        assert_eq!(parse("BZZZ-12345-6789A-BCDEF-GHJKN").map(|key| key.values[19]), Ok(21));
        assert_eq!(
            format!("{:?}", parse("BZZZ-12345-6789A-BCDEF-GHJKN").unwrap()),
            "ShortKey(BZZZ-…)"
        );
    }

    #[test]
    fn what_is_no_short_key_is_refused() {
        for text in [
            "",
            "BZZZ",
            "BZZZ-12345-6789A-BCDEF",
            "-00000-00000-00000-00000",
            "B-0000é-0000-00000-00000",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(make("bzzz", &[0; 12]).is_err() && make("", &[0; 12]).is_err());
    }
}
