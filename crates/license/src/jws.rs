//! The compact serialization of a JWS (RFC 7515 section 7.1), read strictly.
//!
//! Only the header is decoded before the signature is checked, since it names the key. The algorithm in it
//! is compared with the key's and never chooses anything (RFC 8725 section 3.1).

use std::borrow::Cow;
use std::ops::Deref;

use serde::Deserialize;

use crate::{Invalid, MAX_KEY_BYTES, json};

/// A token taken apart, not yet checked.
pub(crate) struct Compact<'a> {
    /// The bytes the signature covers.
    pub(crate) signing_input: &'a str,
    payload: &'a str,
    signature: &'a str,
    header: Vec<u8>,
}

/// The members of a header that matter. Others are ignored, except those that would let the token choose
/// its own key or change how it is read.
#[derive(Deserialize)]
pub(crate) struct Header<'a> {
    #[serde(borrow)]
    pub(crate) alg: Cow<'a, str>,
    #[serde(borrow, default)]
    typ: Option<Borrowed<'a>>,
    #[serde(borrow, default)]
    kid: Option<Borrowed<'a>>,
    #[serde(default, deserialize_with = "json::present")]
    crit: bool,
    #[serde(default, deserialize_with = "json::present")]
    b64: bool,
    #[serde(default, deserialize_with = "json::present")]
    jku: bool,
    #[serde(default, deserialize_with = "json::present")]
    jwk: bool,
    #[serde(default, deserialize_with = "json::present")]
    x5u: bool,
    #[serde(default, deserialize_with = "json::present")]
    x5c: bool,
}

/// Borrowed where the JSON has no escapes: serde borrows into a `Cow`, but not into an optional one.
#[derive(Deserialize)]
#[serde(transparent)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

impl Header<'_> {
    pub(crate) fn typ(&self) -> Option<&str> {
        self.typ.as_ref().map(|typ| &*typ.0)
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_ref().map(|kid| &*kid.0)
    }
}

/// A signature's bytes; those of the usual length need no allocation.
pub(crate) enum Signature {
    Ed25519([u8; 64]),
    Other(Vec<u8>),
}

impl Deref for Signature {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Ed25519(bytes) => bytes,
            Self::Other(bytes) => bytes,
        }
    }
}

impl<'a> Compact<'a> {
    /// Splits a token. [`Invalid::Unrecognized`] where it does not even have the shape of one.
    pub(crate) fn split(token: &'a str) -> Result<Self, Invalid> {
        Self::split_within(token, MAX_KEY_BYTES)
    }

    /// As [`Compact::split`], for a document that may be so long.
    pub(crate) fn split_within(token: &'a str, most: usize) -> Result<Self, Invalid> {
        if token.len() > most {
            return Err(Invalid::Malformed(match most {
                MAX_KEY_BYTES => "it is longer than 16 KiB",
                _ => "it is too long for its kind",
            }));
        }
        if token.is_empty() {
            return Err(Invalid::Malformed("it is empty"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(if token.bytes().all(|b| b.is_ascii_graphic()) {
                Invalid::Unrecognized
            } else {
                Invalid::Malformed("it holds white space or characters outside ASCII")
            });
        };
        let signing_input = &token[..header.len() + 1 + payload.len()];
        let header = decode(header).ok_or(Invalid::Malformed("its first part is not base64url"))?;
        Ok(Self { signing_input, payload, signature, header })
    }

    pub(crate) fn header(&self) -> Result<Header<'_>, Invalid> {
        let header: Header<'_> = json::from_slice(&self.header)
            .map_err(|_| Invalid::Malformed("its header is not a JOSE header"))?;
        if header.crit || header.b64 {
            return Err(Invalid::Malformed(
                "its header asks for an extension that is not understood",
            ));
        }
        if header.jku || header.jwk || header.x5u || header.x5c {
            return Err(Invalid::Malformed("its header brings a key of its own"));
        }
        Ok(header)
    }

    pub(crate) fn header_bytes(&self) -> &[u8] {
        &self.header
    }

    /// The signature's bytes; strict base64url without padding.
    pub(crate) fn signature(&self) -> Result<Signature, Invalid> {
        let mut bytes = [0; 64];
        let signature = match decoded_len(self.signature) {
            Some(64) => {
                decode_into(self.signature, &mut bytes).then_some(Signature::Ed25519(bytes))
            }
            _ => decode(self.signature).map(Signature::Other),
        };
        signature.ok_or(Invalid::Malformed("its signature is not base64url"))
    }

    /// The payload's bytes. Call only after the signature has passed.
    pub(crate) fn payload(&self) -> Result<Vec<u8>, Invalid> {
        decode(self.payload).ok_or(Invalid::Malformed("its payload is not base64url"))
    }
}

/// Set in [`VALUES`] for a character outside the alphabet; above the bits of a quad.
const BAD: u32 = 1 << 31;

/// The value of each character of base64url (RFC 4648 section 5), for each place in four, shifted to it.
const VALUES: [[u32; 256]; 4] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut values = [[BAD; 256]; 4];
    let (mut at, mut value) = (0, 0);
    while at < 64 {
        let character = alphabet[at] as usize;
        let mut place = 0;
        while place < 4 {
            values[place][character] = value << (18 - 6 * place);
            place += 1;
        }
        at += 1;
        value += 1;
    }
    values
};

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; decoded_len(text)?];
    decode_into(text, &mut bytes).then_some(bytes)
}

/// How many bytes a text of this length stands for.
fn decoded_len(text: &str) -> Option<usize> {
    let (quads, rest) = (text.len() / 4, text.len() % 4);
    (rest != 1).then(|| quads * 3 + rest.saturating_sub(1))
}

/// Strict base64url without padding: bits left over must be zero (RFC 4648 section 3.5). `bytes` must be as long as
/// [`decoded_len`] says.
///
/// What a token says is no secret of the verifier's, so this need not take constant time; the decoder that
/// does, for keys, took a third of all that is spent beside the signature.
fn decode_into(text: &str, bytes: &mut [u8]) -> bool {
    let (quads, rest) = text.as_bytes().as_chunks::<4>();
    let (triples, end) = bytes.as_chunks_mut::<3>();
    let mut seen = 0;
    for (quad, triple) in quads.iter().zip(triples) {
        let bits = bits_of(*quad);
        let [_, made @ ..] = bits.to_be_bytes();
        seen |= bits;
        *triple = made;
    }
    let mut last = [b'A'; 4];
    last[..rest.len()].copy_from_slice(rest);
    let bits = bits_of(last);
    let [_, made @ ..] = bits.to_be_bytes();
    let (whole, left_over) = made.split_at(end.len());
    end.copy_from_slice(whole);
    let canonical = left_over.iter().all(|byte| *byte == 0);
    (seen | bits) & BAD == 0 && canonical
}

/// The 24 bits of four characters, and [`BAD`] if one is none of base64url.
fn bits_of([a, b, c, d]: [u8; 4]) -> u32 {
    let [first, second, third, fourth] = &VALUES;
    first[usize::from(a)] | second[usize::from(b)] | third[usize::from(c)] | fourth[usize::from(d)]
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64UrlUnpadded, Encoding};
    use proptest::prelude::*;

    use super::*;

    fn header(json: &str) -> Result<(), Invalid> {
        let token = format!("{}.e30.AA", Base64UrlUnpadded::encode_string(json.as_bytes()));
        Compact::split(&token)?.header().map(|_| ())
    }

    #[test]
    fn a_header_may_not_choose_its_own_key_or_extensions() {
        assert!(header(r#"{"alg":"EdDSA","kid":"a","x":1}"#).is_ok());
        for hostile in ["crit", "b64", "jku", "jwk", "x5u", "x5c"] {
            for value in ["null", "[]", "[\"exp\"]", "true", "\"https://x.example\""] {
                let json = format!(r#"{{"alg":"EdDSA","{hostile}":{value}}}"#);
                assert!(matches!(header(&json), Err(Invalid::Malformed(_))), "{json}");
            }
        }
    }

    #[test]
    fn shapes() {
        assert_eq!(Compact::split("").err(), Some(Invalid::Malformed("it is empty")));
        assert_eq!(Compact::split("hello").err(), Some(Invalid::Unrecognized));
        assert_eq!(Compact::split("a.b.c.d.e").err(), Some(Invalid::Unrecognized));
        assert!(matches!(Compact::split("he llo").err(), Some(Invalid::Malformed(_))));
        assert!(matches!(Compact::split(&"a".repeat(20_000)).err(), Some(Invalid::Malformed(_))));
    }

    /// Everything at every length: each character, alone and with others, in each place of a block.
    #[test]
    fn decoding_is_that_of_the_library_for_every_character_in_every_place() {
        for length in 0..=70 {
            for place in 0..length {
                for c in 0..=127_u8 {
                    let mut text = vec![b'Q'; length];
                    text[place] = c;
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(decode(&text), Base64UrlUnpadded::decode_vec(&text).ok(), "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_and_nothing_else_is(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            other in "\\PC{0,80}",
        ) {
            let text = Base64UrlUnpadded::encode_string(&bytes);
            prop_assert_eq!(decode(&text), Some(bytes));
            prop_assert_eq!(decode(&other), Base64UrlUnpadded::decode_vec(&other).ok());
        }
    }
}
