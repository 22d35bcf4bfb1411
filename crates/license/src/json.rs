//! JSON as strictly as a verifier needs it: no duplicate member at any level, at most
//! [`MAX_JSON_DEPTH`](crate::MAX_JSON_DEPTH) deep, nothing behind the value.
//!
//! serde_json alone keeps the last of two equal members and nests 128 deep, so a document could mean one
//! thing to us and another to the next reader (RFC 8259 section 4).

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::MAX_JSON_DEPTH;

/// Refuses what a second reader might understand differently, whatever it is to be read as.
pub fn check(bytes: &[u8]) -> Result<(), serde_json::Error> {
    let mut strict = serde_json::Deserializer::from_slice(bytes);
    Strict { depth: 0 }.deserialize(&mut strict)?;
    strict.end()
}

/// Reads one value of type `T` that has passed [`check`].
pub fn from_slice<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, serde_json::Error> {
    check(bytes)?;
    serde_json::from_slice(bytes)
}

/// `true` for a member that is there, whatever its value; for members that are only looked for.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_JSON_DEPTH {
            return Err(E::custom("nested too deep"));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate members")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while seq.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut names: Vec<Name<'de>> = Vec::new();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            names.push(name);
            map.next_value_seed(inner)?;
        }
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(A::Error::custom("duplicate member"));
        }
        Ok(())
    }
}

/// A member's name, borrowed where it holds no escape.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &str) -> bool {
        from_slice::<serde_json::Value>(text.as_bytes()).is_ok()
    }

    #[test]
    fn a_duplicate_member_is_refused_at_any_level_and_in_any_spelling() {
        assert!(accepts(r#"{"exp":1,"a":{"exp":1}}"#));
        assert!(!accepts(r#"{"exp":1,"exp":2}"#));
        assert!(!accepts(r#"{"a":[{"x":1,"y":0,"x":1}]}"#));
        assert!(!accepts(r#"{"exp":1,"e\u0078p":2}"#));
    }

    #[test]
    fn nesting_ends_at_sixteen() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(accepts(&nested(16)));
        assert!(!accepts(&nested(17)));
        assert!(!accepts(&"[".repeat(100_000)));
    }

    #[test]
    fn nothing_may_follow_the_value() {
        assert!(!accepts(r#"{"a":1} {"a":2}"#));
        assert!(!accepts("{}x"));
    }
}
