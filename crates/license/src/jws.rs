//! The compact serialization of a JWS (RFC 7515 section 7.1), read strictly.
//!
//! Only the header is decoded before the signature is checked, since it names the key. The algorithm in it
//! is compared with the key's and never chooses anything (RFC 8725 section 3.1).

use std::borrow::Cow;

use base64ct::{Base64UrlUnpadded, Encoding};
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
        if token.bytes().filter(|b| *b == b'.').count() != 2 {
            return Err(if token.bytes().all(|b| b.is_ascii_graphic()) {
                Invalid::Unrecognized
            } else {
                Invalid::Malformed("it holds white space or characters outside ASCII")
            });
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Invalid::Unrecognized)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Invalid::Unrecognized)?;
        let header = Base64UrlUnpadded::decode_vec(header)
            .map_err(|_| Invalid::Malformed("its first part is not base64url"))?;
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
        Base64UrlUnpadded::decode_vec(self.signature)
            .map_err(|_| Invalid::Malformed("its signature is not base64url"))
    }

    /// The payload's bytes. Call only after the signature has passed.
    pub(crate) fn payload(&self) -> Result<Vec<u8>, Invalid> {
        Base64UrlUnpadded::decode_vec(self.payload)
            .map_err(|_| Invalid::Malformed("its payload is not base64url"))
    }
}

#[cfg(test)]
mod tests {
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
}
