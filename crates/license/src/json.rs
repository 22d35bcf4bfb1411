//! JSON as strictly as a verifier needs it: no duplicate member at any level, at most
//! [`MAX_JSON_DEPTH`](crate::MAX_JSON_DEPTH) deep, nothing behind the value.
//!
//! serde_json alone keeps the last of two equal members and nests 128 deep, so a document could mean one
//! thing to us and another to the next reader (RFC 8259 section 4).

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use crate::MAX_JSON_DEPTH;

/// Refuses what a second reader might understand differently, whatever it is to be read as.
pub fn check(bytes: &[u8]) -> Result<(), serde_json::Error> {
    from_slice::<IgnoredAny>(bytes).map(|_| ())
}

/// Reads one value of type `T`, and refuses what [`check`] refuses, members that `T` ignores included.
pub fn from_slice<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, serde_json::Error> {
    // Once for the whole text is cheaper than once a string.
    let text = std::str::from_utf8(bytes).map_err(serde_json::Error::custom)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Strict { inner: &mut json, depth: 0 })?;
    json.end()?;
    Ok(value)
}

/// `true` for a member that is there, whatever its value; for members that are only looked for.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// The names of one object's members.
///
/// Most objects have few, which are compared one by one and kept without allocating; a hostile one may
/// have thousands, which are sorted.
#[derive(Default)]
struct Names<'de> {
    few: [&'de str; 24],
    count: usize,
    /// A bit for each kind of name among the few: most names need no comparing.
    kinds: u64,
    /// The rest, from the first that did not fit or holds an escape.
    more: Vec<Cow<'de, str>>,
}

/// A name seen twice.
struct Duplicate;

impl Duplicate {
    fn error<E: Error>(self) -> E {
        E::custom("duplicate member")
    }
}

impl<'de> Names<'de> {
    fn add(&mut self, name: Cow<'de, str>) -> Result<(), Duplicate> {
        let bit = 1 << kind(&name);
        if self.kinds & bit != 0 && self.few[..self.count].iter().any(|seen| *seen == name) {
            return Err(Duplicate);
        }
        match name {
            Cow::Borrowed(name) if self.more.is_empty() && self.count < self.few.len() => {
                self.few[self.count] = name;
                self.count += 1;
                self.kinds |= bit;
            }
            name => self.more.push(name),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Duplicate> {
        self.more.sort_unstable();
        if self.more.windows(2).any(|pair| pair[0] == pair[1]) { Err(Duplicate) } else { Ok(()) }
    }
}

/// One of 64 kinds, by the last four bytes.
fn kind(name: &str) -> u32 {
    let name = name.as_bytes();
    let last = match name.last_chunk() {
        Some(last) => u32::from_le_bytes(*last),
        None => name.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)),
    };
    // 2^32 divided by the golden ratio spreads what differs in few bits (Knuth, section 6.4).
    last.wrapping_mul(0x9e37_79b9) >> 26
}

/// Whatever of serde it wraps, made strict: deserializer, visitor, access and seed.
struct Strict<T> {
    inner: T,
    /// How many arrays and objects are around it.
    depth: usize,
}

impl<T> Strict<T> {
    fn around<U>(&self, inner: U) -> Strict<U> {
        Strict { inner, depth: self.depth }
    }

    fn deeper<U, E: Error>(&self, inner: U) -> Result<Strict<U>, E> {
        if self.depth == MAX_JSON_DEPTH {
            return Err(E::custom("nested too deep"));
        }
        Ok(Strict { inner, depth: self.depth + 1 })
    }
}

macro_rules! pass_on {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            let visitor = self.around(visitor);
            self.inner.$method(visitor)
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    pass_on! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_option deserialize_unit deserialize_seq deserialize_map deserialize_identifier
    }

    /// What is ignored is looked through all the same: the next reader may not ignore it.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.around(visitor);
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.around(visitor);
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.around(visitor);
        self.inner.deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.around(visitor);
        self.inner.deserialize_tuple_struct(name, len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.around(visitor);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.around(visitor);
        self.inner.deserialize_enum(name, variants, visitor)
    }
}

macro_rules! visit {
    ($($method:ident($type:ty))*) => {
        $(fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visit! {
        visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_str(&str)
        visit_borrowed_str(&'de str) visit_string(String) visit_bytes(&[u8])
        visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<V::Value, D::Error> {
        let some = self.around(some);
        self.inner.visit_some(some)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let inner = self.around(inner);
        self.inner.visit_newtype_struct(inner)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        let seq = self.deeper(seq)?;
        self.inner.visit_seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let mut names = Names::default();
        let map = self.deeper(Members { map, names: &mut names })?;
        let value = self.inner.visit_map(map)?;
        names.finish().map_err(Duplicate::error)?;
        Ok(value)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        let variant = self.deeper(variant)?;
        self.inner.visit_enum(variant)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let deserializer = self.around(deserializer);
        self.inner.deserialize(deserializer)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let seed = self.around(seed);
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// The members of an object, and the names of those that were read.
struct Members<'n, 'de, A> {
    map: A,
    names: &'n mut Names<'de>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<Members<'_, 'de, A>> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let Some(Name(name)) = self.inner.map.next_key()? else { return Ok(None) };
        let key = match &name {
            Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name))?,
            Cow::Owned(name) => seed.deserialize(StrDeserializer::new(name))?,
        };
        self.inner.names.add(name).map_err(Duplicate::error)?;
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.around(seed);
        self.inner.map.next_value_seed(seed)
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Strict<A> {
    type Error = A::Error;
    type Variant = Strict<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let depth = self.depth;
        let (name, inner) = self.inner.variant_seed(seed)?;
        Ok((name, Strict { inner, depth }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.around(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.around(visitor);
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.around(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

/// A member's name, borrowed where it holds no escape.
#[derive(Deserialize)]
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
    fn a_duplicate_is_found_among_few_and_among_thousands_of_names() {
        for count in [1, 23, 24, 25, 26, 1_000] {
            let names: Vec<String> = (0..count).map(|n| format!(r#""m{n}":{n}"#)).collect();
            assert!(accepts(&format!("{{{}}}", names.join(","))), "{count}");
            for again in [0, count / 2, count - 1] {
                // Plain, and with the letter as an escape; at the end, and in front of all.
                for name in [format!(r#""m{again}":0"#), format!(r#""\u006d{again}":0"#)] {
                    assert!(!accepts(&format!("{{{},{name}}}", names.join(","))), "{name}");
                    assert!(!accepts(&format!("{{{name},{}}}", names.join(","))), "{name}");
                }
            }
        }
    }

    #[test]
    fn what_the_type_does_not_read_is_held_to_the_same_rules() {
        #[derive(Debug, PartialEq, Deserialize)]
        enum Kind {
            Named(std::collections::BTreeMap<String, u8>),
            Plain,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct Narrow {
            a: u8,
            kind: Option<Kind>,
        }
        let narrow = |text: &str| from_slice::<Narrow>(text.as_bytes()).ok();
        assert_eq!(narrow(r#"{"a":1,"b":{"c":[2]}}"#), Some(Narrow { a: 1, kind: None }));
        let plain = Some(Narrow { a: 1, kind: Some(Kind::Plain) });
        assert_eq!(narrow(r#"{"a":1,"kind":"Plain"}"#), plain);
        assert!(narrow(r#"{"a":1,"kind":{"Named":{"x":1}}}"#).is_some());
        for text in [
            r#"{"a":1,"b":{"c":[{"d":1,"d":2}]}}"#,
            r#"{"a":1,"b":1,"b":1}"#,
            r#"{"a":1,"kind":{"Named":{"x":1,"x":2}}}"#,
            r#"{"a":1,"kind":{"Named":{},"Named":{}}}"#,
            &format!(r#"{{"a":1,"b":{}{}}}"#, "[".repeat(16), "]".repeat(16)),
        ] {
            assert_eq!(narrow(text), None, "{text}");
        }
        assert!(check(b"{\"a\":\"\xff\"}").is_err());
        assert!(check(br#"{"a":"\ud800"}"#).is_err());
    }

    #[test]
    fn nothing_may_follow_the_value() {
        assert!(!accepts(r#"{"a":1} {"a":2}"#));
        assert!(!accepts("{}x"));
    }
}
