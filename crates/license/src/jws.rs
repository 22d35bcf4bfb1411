//! The compact serialization of a JWS (RFC 7515 section 7.1), read strictly.
//!
//! Only the header is decoded before the signature is checked, since it names the key. The algorithm in it
//! is compared with the key's and never chooses anything (RFC 8725 section 3.1).

use std::borrow::Cow;

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
    pub(crate) typ: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) kid: Option<Cow<'a, str>>,
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

impl<'a> Compact<'a> {
    /// Splits a token. [`Invalid::Unrecognized`] where it does not even have the shape of one.
    pub(crate) fn split(token: &'a str) -> Result<Self, Invalid> {
        if token.len() > MAX_KEY_BYTES {
            return Err(Invalid::Malformed("it is longer than 16 KiB"));
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
        let header =
            decode(header).ok_or(Invalid::Malformed("its first part is not base64url"))?;
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
    pub(crate) fn signature(&self) -> Result<Vec<u8>, Invalid> {
        decode(self.signature).ok_or(Invalid::Malformed("its signature is not base64url"))
    }

    /// The payload's bytes. Call only after the signature has passed.
    pub(crate) fn payload(&self) -> Result<Vec<u8>, Invalid> {
        decode(self.payload).ok_or(Invalid::Malformed("its payload is not base64url"))
    }
}

/// Characters that are decoded at once, and the bytes they make.
const BLOCK: usize = 32;
const BLOCK_BYTES: usize = BLOCK / 4 * 3;

/// Strict base64url without padding (RFC 4648 section 5): bits left over must be zero (section 3.5).
///
/// Branches and memory accesses depend on the length alone. The loops are shaped so that the compiler makes
/// vector instructions of them: a general decoder took a third of what is spent beside the signature.
fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let mut bad = 0;
    for chunk in text.as_bytes().chunks(BLOCK) {
        let mut block = [b'A'; BLOCK];
        block[..chunk.len()].copy_from_slice(chunk);
        bad |= to_sextets(&mut block);
        let packed = pack(&block);
        let (whole, rest) = packed.split_at(chunk.len() * 6 / 8);
        bytes.extend_from_slice(whole);
        bad |= rest.iter().fold(0, |all, byte| all | byte);
    }
    (bad == 0).then_some(bytes)
}

/// Each character's value in its place; not zero if one has none.
fn to_sextets(block: &mut [u8; BLOCK]) -> u8 {
    let mask = |is: bool| u8::from(is).wrapping_neg();
    let mut bad = 0;
    for c in block {
        let upper = mask(c.wrapping_sub(b'A') < 26);
        let lower = mask(c.wrapping_sub(b'a') < 26);
        let digit = mask(c.wrapping_sub(b'0') < 10);
        let dash = mask(*c == b'-');
        let line = mask(*c == b'_');
        bad |= !(upper | lower | digit | dash | line);
        *c = (upper & c.wrapping_sub(b'A'))
            | (lower & c.wrapping_sub(b'a' - 26))
            | (digit & c.wrapping_add(52 - b'0'))
            | (dash & 62)
            | (line & 63);
    }
    bad
}

/// Eight sextets make six bytes.
fn pack(sextets: &[u8; BLOCK]) -> [u8; BLOCK_BYTES] {
    let mut bytes = [0; BLOCK_BYTES];
    let (eights, _) = sextets.as_chunks::<8>();
    let (sixes, _) = bytes.as_chunks_mut::<6>();
    for (from, to) in eights.iter().zip(sixes) {
        let x = u64::from_be_bytes(*from);
        let x = (x >> 2 & 0x0fc0_0fc0_0fc0_0fc0) | (x & 0x003f_003f_003f_003f);
        let x = (x >> 4 & 0x00ff_f000_00ff_f000) | (x & 0x0000_0fff_0000_0fff);
        let x = (x >> 8 & 0x0000_ffff_ff00_0000) | (x & 0x0000_0000_00ff_ffff);
        to.copy_from_slice(&x.to_be_bytes()[2..]);
    }
    bytes
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
